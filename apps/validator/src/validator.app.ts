/** Serves a validator of this process over HTTP, for networks that run in one process. */
import type { Log } from '#environment';
import { type RunningHttpApp, startHttpApp } from '#nest';
import type { Validator } from './validator.js';
import { validatorHttpModule } from './validator.module.js';

export interface ValidatorAppOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
}

/** Closing it leaves the validator as it is. */
export function startValidatorApp(
  validator: Validator,
  options: ValidatorAppOptions,
): Promise<RunningHttpApp> {
  return startHttpApp(validatorHttpModule(validator), options);
}
