import { openPinoLog } from '#environment/pino-log';
import { runMain, startApp } from '#nest';
import { readCollatorConfig } from './collator.config.js';
import { collatorModule } from './collator.module.js';

await runMain('collator', async () => {
  const config = readCollatorConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'collator' });
  await startApp(collatorModule(config, log), { log, listensToSignals: true });
  log.info({ account: config.options.account }, 'the collator runs');
});
