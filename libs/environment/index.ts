export { type Clock, DrivenClock, systemClock } from './clock.js';
export { type Entropy, seededEntropy, systemEntropy } from './entropy.js';
export { codeOf, Fault, messageOf } from './fault.js';
export { type Log, silentLog } from './log.js';
export { DrivenTimers, systemTimers, type Timers } from './timers.js';
