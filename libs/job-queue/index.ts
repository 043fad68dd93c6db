export {
  type Job,
  type JobEnd,
  type JobKind,
  type JobQueue,
  jobIdOf,
  type RunJob,
  type Worker,
  type WorkOptions,
} from './job-queue.js';
