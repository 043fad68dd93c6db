export {
  partStoreField,
  type ReductionConfig,
  reductionConfigOf,
  reductionFields,
} from './reduction-environment.js';
export {
  adapterField,
  addressField,
  amountField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  milliseconds,
  parseEnvironment,
  participantFields,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from './service-environment.js';
