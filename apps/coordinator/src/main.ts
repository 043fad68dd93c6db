import { openPinoLog } from '#environment/pino-log';
import { runMain, startApp } from '#nest';
import { readCoordinatorConfig } from './coordinator.config.js';
import { coordinatorModule } from './coordinator.module.js';

await runMain('coordinator', async () => {
  const config = readCoordinatorConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'coordinator' });
  await startApp(coordinatorModule(config, log), { log, listensToSignals: true });
  log.info({ account: config.options.account }, 'the coordinator runs');
});
