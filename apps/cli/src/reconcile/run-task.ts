/** Runs one task of a reconciliation, in a worker thread or in this one. */
import { LogRefused } from '#log-files';
import {
  GroupReduction,
  partitions,
  plainTailWords,
  StatementNames,
  StatementOrder,
  statementNumbering,
  textTailWords,
} from '#reconciliation';
import { openReducer } from '#reduction';
import { DifferenceLines } from './difference-lines.js';
import { scanLog } from './scan-log.js';
import { StatementReading, StatementStore } from './statement-store.js';
import type { ReduceResult, ReduceTask, ScanResult, ScanTask, Task, TaskResult } from './tasks.js';
import { TemporaryFileRefused } from './temporary-file.js';
import { TextStore } from './text-store.js';

/** Partitions that a thread takes at a time, and whose lines stand together. */
const blockPartitions = 16;
const reduceBlocks = partitions / blockPartitions;

export default async function runTask(task: Task): Promise<TaskResult> {
  try {
    return task.kind === 'scan' ? await runScan(task) : runReduce(task);
  } catch (error) {
    if (error instanceof LogRefused) return { refused: { code: error.code, message: error.message } };
    if (error instanceof TemporaryFileRefused) {
      return { refused: { code: 'temporary-folder-full', message: error.message } };
    }
    throw error;
  }
}

async function runScan(task: ScanTask): Promise<ScanResult> {
  const { scan, memoryBytes, temporaryFolder, explain } = task;
  const names = new StatementNames();
  const tailWords = task.keepsTexts ? textTailWords : plainTailWords;
  const store = new StatementStore(memoryBytes, tailWords, temporaryFolder);
  const texts = task.keepsTexts ? new TextStore(scan, temporaryFolder) : undefined;
  const progress = new Float64Array(task.progress);
  const logs: ScanResult['logs'][number][] = [];
  for (const log of task.logs) {
    const scanned = await scanLog(log, {
      names,
      tailWords,
      explain,
      onRead: (bytes) => {
        progress[log.number] = bytes;
      },
      take: (statements, idField, impField) => {
        texts?.add(statements, log.number, idField, impField);
        store.add(statements);
      },
    });
    logs.push({ ...scanned, number: log.number, role: log.role });
  }
  texts?.flush();
  return {
    logs,
    sellers: names.sellers.texts(),
    campaigns: names.campaigns.texts(),
    placements: names.placements.texts(),
    stored: store.stored(),
    texts: texts?.descriptor,
  };
}

function runReduce(task: ReduceTask): ReduceResult {
  const { scans, participants, differences, texts } = task;
  const lines = differences && new DifferenceLines({ ...differences, texts, participants });
  const visit = lines?.add.bind(lines);
  const count = participants.roles.length;
  const reduction = new GroupReduction(openReducer(task.terms), count, visit, differences?.areAll);
  const readings = scans.map((stored) => new StatementReading(stored));
  const numberings = task.sellers.map((names) => statementNumbering(participants, names));
  const order = new StatementOrder(scans[0].memory.tailWords);
  const next = new Int32Array(task.next);
  for (let block = Atomics.add(next, 0, 1); block < reduceBlocks; block = Atomics.add(next, 0, 1)) {
    for (let partition = block * blockPartitions; partition < (block + 1) * blockPartitions; partition++) {
      order.clear();
      for (const [scan, reading] of readings.entries()) {
        const campaigns = task.campaignRanks[scan];
        const placements = task.placementRanks[scan];
        reading.take(partition, (words, head, tail, rows) =>
          order.add(words, head, tail, rows, numberings[scan], campaigns, placements),
        );
      }
      if (order.rows === 0) continue;
      order.sort();
      reduction.reduce(order);
    }
    lines?.endBlock(block);
  }
  return { totals: reduction.totals(), parts: lines?.parts ?? [], largest: lines?.largest ?? [] };
}
