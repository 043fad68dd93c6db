export { type Clock, DrivenClock, systemClock } from './clock.js';
export { endEach } from './end-each.js';
export { type Entropy, seededEntropy, systemEntropy } from './entropy.js';
export { codeOf, Fault, messageOf } from './fault.js';
export { type Finding, good, type Mend, wrong } from './finding.js';
export { type FileFacts, type FileSystem, type OpenFile, systemFiles } from './file-system.js';
export { type Log, silentLog } from './log.js';
export { SweepLoop, type SweepLoopOptions, type SweepLoopPorts } from './sweep-loop.js';
export { DrivenTimers, lastingTimers, systemTimers, type Timers } from './timers.js';
