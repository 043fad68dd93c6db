import { openPinoLog } from '#environment/pino-log';
import { runMain, startApp } from '#nest';
import { readSettlementConfig } from './settlement.config.js';
import { settlementModule } from './settlement.module.js';

await runMain('settlement', async () => {
  const config = readSettlementConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'settlement' });
  await startApp(settlementModule(config, log), { log, listensToSignals: true });
  log.info({ account: config.options.account }, 'the settlement service runs');
});
