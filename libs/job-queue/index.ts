export type { Job, JobQueue, WorkOptions } from './job-queue.js';
