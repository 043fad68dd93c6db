import { openPinoLog } from '#environment/pino-log';
import { runMain, startHttpApp } from '#nest';
import { readValidatorConfig } from './validator.config.js';
import { validatorModule } from './validator.module.js';

await runMain('validator', async () => {
  const config = readValidatorConfig(process.env);
  const log = openPinoLog({ level: config.logLevel, name: 'validator' });
  const http = { ...config.listen, log, listensToSignals: true };
  const { url } = await startHttpApp(validatorModule(config, log), http);
  log.info({ url }, 'the validator takes requests');
});
