import { openPinoLog } from '#environment/pino-log';
import { startApp } from '#nest';
import { readCollatorConfig } from './collator.config.js';
import { collatorModule } from './collator.module.js';

const config = readCollatorConfig(process.env);
const log = openPinoLog({ level: config.logLevel, name: 'collator' });
await startApp(collatorModule(config, log), { log, listensToSignals: true });
