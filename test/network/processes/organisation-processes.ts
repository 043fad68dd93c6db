/** One participant's five apps as processes: the environment of each, and starting it again where it was. */
import { join } from 'node:path';
import type { ParticipantSecrets } from '#apps/cli/src/network/participant-keys';
import { type Address, toHex } from '#encoding';
import { type AppEnd, type AppName, AppProcess, appNames, type Environment } from './app-process.js';
import { lastingPort } from './lasting-port.js';

export interface OrganisationSetting {
  readonly secrets: ParticipantSecrets;
  readonly chainUrl: string;
  readonly lens: Address;
  /** The organisation's own folder, and the one in which everybody's parts lie. */
  readonly folder: string;
  readonly partsFolder: string;
  /** What every app gets beside. */
  readonly variables?: Environment;
}

export class OrganisationProcesses {
  /** Every process that was ever started, also those that were killed. */
  readonly started: AppProcess[] = [];
  readonly #environments: Record<AppName, Environment>;
  readonly #running = new Map<AppName, AppProcess>();

  constructor(setting: OrganisationSetting) {
    this.#environments = environmentsOf(setting);
  }

  async startAll(): Promise<void> {
    await Promise.all(appNames.map((name) => this.start(name)));
  }

  /** Where it listened before, so that what is registered on the chain stays true. */
  async start(name: AppName): Promise<void> {
    const before = this.#running.get(name);
    const PORT = before === undefined ? String(await lastingPort()) : new URL(before.url).port;
    const app = await AppProcess.start(name, { ...this.#environments[name], PORT });
    this.#running.set(name, app);
    this.started.push(app);
  }

  url(name: AppName): string {
    const app = this.#running.get(name);
    if (app === undefined) throw new Error(`${name} was not started`);
    return app.url;
  }

  async drainAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((app) => app.drain()));
  }

  async end(name: AppName, signal: NodeJS.Signals): Promise<AppEnd | undefined> {
    return this.#running.get(name)?.end(signal);
  }
}

function environmentsOf(setting: OrganisationSetting): Record<AppName, Environment> {
  const { secrets, chainUrl, lens, folder, partsFolder } = setting;
  const every = {
    HOST: '127.0.0.1',
    CHAIN: chainUrl,
    LENS: lens,
    CHAIN_POLL_MS: '200',
    // The embedded chain never rolls back, though its node calls only older heights finalized.
    CHAIN_CONFIRMATIONS: '0',
    SWEEP_INTERVAL_MS: '500',
    ...setting.variables,
  };
  const participant = {
    ...every,
    ACCOUNT: secrets.account.address,
    OPERATOR_KEY: toHex(secrets.operator.privateKey),
  };
  const RECORD_LOG = `file:${join(folder, 'log')}`;
  const PART_STORE = `file:${partsFolder}`;
  const keyValue = (name: AppName) => ({ KEY_VALUE: `file:${join(folder, name)}` });
  const reduction = { SPILL_FOLDER: join(folder, 'spill'), THREADS: '1', ROW_MEBIBYTES: '32' };
  const ENCRYPTION_SECRET = toHex(secrets.encryption.secretKey);
  return {
    'channel-node': { ...participant, ...keyValue('channel-node'), RECORD_LOG },
    collator: { ...participant, ...keyValue('collator'), ENCRYPTION_SECRET, RECORD_LOG, PART_STORE },
    coordinator: {
      ...participant,
      ...keyValue('coordinator'),
      ENCRYPTION_SECRET,
      VALIDATORS: secrets.validator.address,
    },
    validator: {
      ...every,
      ...keyValue('validator'),
      VALIDATOR_KEY: toHex(secrets.validator.privateKey),
      ENCRYPTION_SECRET: toHex(secrets.validatorEncryption.secretKey),
      PART_STORE,
      ...reduction,
    },
    settlement: { ...participant, ...keyValue('settlement'), ENCRYPTION_SECRET, PART_STORE, ...reduction },
  };
}
