import { openPinoLog } from '#environment/pino-log';
import { startApp } from '#nest';
import { readSettlementConfig } from './settlement.config.js';
import { settlementModule } from './settlement.module.js';

const config = readSettlementConfig(process.env);
const log = openPinoLog({ level: config.logLevel, name: 'settlement' });
await startApp(settlementModule(config, log), { log, listensToSignals: true });
