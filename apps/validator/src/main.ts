import { openPinoLog } from '#environment/pino-log';
import { startHttpApp } from '#nest';
import { readValidatorConfig } from './validator.config.js';
import { validatorModule } from './validator.module.js';

const config = readValidatorConfig(process.env);
const log = openPinoLog({ level: config.logLevel, name: 'validator' });
const { host, port } = config;
await startHttpApp(validatorModule(config, log), { log, host, port, listensToSignals: true });
