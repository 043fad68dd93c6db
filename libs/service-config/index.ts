export {
  adapterField,
  addressField,
  afterScheme,
  jobFields,
  milliseconds,
  parseEnvironment,
  participantFields,
  portField,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from './service-environment.js';
