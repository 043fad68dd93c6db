import { openPinoLog } from '#environment/pino-log';
import { runMain, startHttpApp } from '#nest';
import { readSettlementConfig } from './settlement.config.js';
import { settlementModule } from './settlement.module.js';

await runMain('settlement', async () => {
  const config = readSettlementConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'settlement' });
  const http = { ...config.listen, log, listensToSignals: true };
  const { url } = await startHttpApp(settlementModule(config, log), http);
  log.info({ url, account: config.options.account }, 'the settlement service runs');
});
