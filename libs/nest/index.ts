export { type AskedForReadiness, HealthController, healthOf } from './health.controller.js';
export { closing, LifecycleHost, lifecycleOf, type Shell } from './lifecycle-host.js';
export { JsonBodyPipe, ParameterPipe } from './parse-pipes.js';
export { acceptedOf, ProblemFilter, RefusalException } from './problem-filter.js';
export { runMain } from './run-main.js';
export {
  type AppModule,
  type HttpAppOptions,
  type RunningHttpApp,
  startHttpApp,
} from './start-app.js';
