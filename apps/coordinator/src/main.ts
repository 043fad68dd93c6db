import { openPinoLog } from '#environment/pino-log';
import { runMain, startHttpApp } from '#nest';
import { readCoordinatorConfig } from './coordinator.config.js';
import { coordinatorModule } from './coordinator.module.js';

await runMain('coordinator', async () => {
  const config = readCoordinatorConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'coordinator' });
  const http = { ...config.listen, log, listensToSignals: true };
  const { url } = await startHttpApp(coordinatorModule(config, log), http);
  log.info({ url, account: config.options.account }, 'the coordinator runs');
});
