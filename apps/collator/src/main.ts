import { openPinoLog } from '#environment/pino-log';
import { runMain, startHttpApp } from '#nest';
import { readCollatorConfig } from './collator.config.js';
import { collatorModule } from './collator.module.js';

await runMain('collator', async () => {
  const config = readCollatorConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'collator' });
  const http = { ...config.listen, log, listensToSignals: true };
  const { url } = await startHttpApp(collatorModule(config, log), http);
  log.info({ url, account: config.options.account }, 'the collator runs');
});
