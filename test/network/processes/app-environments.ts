/** What each app reads from its environment: by its own schema, for comparison with what others say of it. */
import { channelNodeEnvironment, readChannelNodeConfig } from '#apps/channel-node/src/channel-node.config';
import { collatorEnvironment, readCollatorConfig } from '#apps/collator/src/collator.config';
import { coordinatorEnvironment, readCoordinatorConfig } from '#apps/coordinator/src/coordinator.config';
import { readSettlementConfig, settlementEnvironment } from '#apps/settlement/src/settlement.config';
import { readValidatorConfig, validatorEnvironment } from '#apps/validator/src/validator.config';
import type { AppName, Environment } from './app-process.js';

export interface AppEnvironment {
  readonly variables: readonly string[];
  /** Those without which the app does not start. */
  readonly required: readonly string[];
  /** Defaults as text, by variable. */
  readonly defaults: ReadonlyMap<string, string>;
  /** As the app itself reads it. Throws as the app does. */
  read(environment: Environment): unknown;
}

type Fields = Readonly<Record<string, { safeParse(value: unknown): { success: boolean; data?: unknown } }>>;

export const appEnvironments: Readonly<Record<AppName, AppEnvironment>> = {
  'channel-node': environmentOf(channelNodeEnvironment.shape, readChannelNodeConfig),
  collator: environmentOf(collatorEnvironment.shape, readCollatorConfig),
  coordinator: environmentOf(coordinatorEnvironment.shape, readCoordinatorConfig),
  validator: environmentOf(validatorEnvironment.shape, readValidatorConfig),
  settlement: environmentOf(settlementEnvironment.shape, readSettlementConfig),
};

function environmentOf(fields: Fields, read: (environment: Environment) => unknown): AppEnvironment {
  const variables = Object.keys(fields);
  const unset = new Map(variables.map((name) => [name, fields[name].safeParse(undefined)]));
  const defaults = [...unset].flatMap(([name, { success, data }]): [string, string][] =>
    success && data !== undefined ? [[name, String(data)]] : [],
  );
  return {
    variables,
    required: variables.filter((name) => !unset.get(name)?.success),
    defaults: new Map(defaults),
    read,
  };
}
