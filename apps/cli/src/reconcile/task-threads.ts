/**
 * Runs the tasks of a reconciliation in threads, or one after the other in this one where little is to
 * do.
 */
import { builtFile } from '#environment/built-file';
import { openWorkerPool } from '#environment/worker-pool';
import { type CommandNo, CommandRefused } from '../report/command-refused.js';
import runTask from './run-task.js';
import type { ReduceResult, ReduceTask, ScanResult, ScanTask, Task, TaskResult } from './tasks.js';

export interface TaskThreads {
  readonly threads: number;
  scan(tasks: readonly ScanTask[]): Promise<ScanResult[]>;
  reduce(tasks: readonly ReduceTask[]): Promise<ReduceResult[]>;
  close(): Promise<void>;
}

/** What a task refuses is thrown as a `CommandRefused`. */
export function openThreads(threads: number): TaskThreads {
  if (threads === 1) return threadsOf(1, runTask, async () => {});
  const file = builtFile('apps/cli/src/reconcile/run-task.js');
  const pool = openWorkerPool<Task, TaskResult>({ file, threads });
  return threadsOf(
    threads,
    (task) => pool.run(task),
    () => pool.close(),
  );
}

function threadsOf(
  threads: number,
  run: (task: Task) => Promise<TaskResult>,
  close: () => Promise<void>,
): TaskThreads {
  const all = async (tasks: readonly Task[]): Promise<TaskResult[]> => {
    const results = await Promise.all(tasks.map(run));
    for (const result of results) {
      if ('refused' in result)
        throw new CommandRefused(result.refused.code as CommandNo, result.refused.message);
    }
    return results;
  };
  return {
    threads,
    scan: async (tasks) => (await all(tasks)) as ScanResult[],
    reduce: async (tasks) => (await all(tasks)) as ReduceResult[],
    close,
  };
}
