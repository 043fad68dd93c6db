/** Chooses the job queue that a URL names. */
import { type InProcessJobQueueOptions, openInProcessJobQueue } from './in-process-job-queue.js';
import type { JobQueue } from './job-queue.js';

/** Schemes of `openJobQueue`. */
const jobQueueSchemes = ['in-process'] as const;

/** Throws an error that names the schemes that are known. */
export function openJobQueue(url: string, options: InProcessJobQueueOptions): JobQueue {
  if (url === 'in-process:') return openInProcessJobQueue(options);
  const known = jobQueueSchemes.map((scheme) => `${scheme}:`).join(', ');
  throw new Error(`${url} is no job queue; known are ${known}`);
}
