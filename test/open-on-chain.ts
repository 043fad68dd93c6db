/** The rehearsal's people on a real chain: registered with the contracts, their channel open. */
import { Rehearsal } from '#block-watch/testing/rehearsal';
import type { ChainOutcome, DrivenChain } from '#chain';
import { registerKeys } from '#chain/testing/example-channel';
import { addressOf, signDigest } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import type { ChannelTerms } from '#protocol';

/** Throws where the chain says no. */
export async function done(outcome: Promise<ChainOutcome>): Promise<void> {
  const said = await outcome;
  if (!said.ok) throw new Error(`${said.code}: ${said.message}`);
}

export interface OnChain {
  readonly rehearsal: Rehearsal;
  readonly token: Hex;
}

/** `deposit`: what the payer puts into each payee's line. */
export async function openOnChain(chain: DrivenChain, deposit: bigint): Promise<OnChain> {
  const found = await rehearseOn(chain);
  await joinChain(chain, found.rehearsal);
  await openRehearsed(chain, found, deposit);
  return found;
}

/** Nothing of it is on the chain yet but a token of its own, so that balances are those of this test. */
export async function rehearseOn(chain: DrivenChain, terms: Partial<ChannelTerms> = {}): Promise<OnChain> {
  const token = await chain.deployToken(`Test ${(await chain.time()).height}`, 'TST', 9);
  const firstBlockStart = (await chain.time()).timestampSeconds + 100;
  const setting = { domain: await chain.domain(), terms: { token, firstBlockStart, ...terms } };
  return { rehearsal: new Rehearsal(setting), token };
}

/** Registers the people, who are the same in every rehearsal, with wei for bonds. */
export async function joinChain(chain: DrivenChain, { participants }: Rehearsal): Promise<void> {
  for (const one of participants) {
    const validator = chain.validatorActs(one.validatorKey);
    for (const address of [one.account, addressOf(one.operatorKey), validator.address]) {
      await chain.fund(address, 10n ** 20n);
    }
    await done(
      registerKeys(chain, one.accountKey, {
        recordKey: addressOf(one.recordKey),
        operatorKey: addressOf(one.operatorKey),
        encryptionKey: one.encryptionKey,
        endpoint: '',
        ...{ record: one.recordKey, operator: one.operatorKey },
      }),
    );
    const account = chain.participantActs(one.accountKey);
    await done(account.depositWei(one.account, 10n ** 18n));
    const encryptionKey = one.validatorEncryptionKey;
    await done(
      validator.registerValidator({
        encryptionKey,
        endpoint: `http://${one.validator}`,
        leastFeeWei: 0n,
        stakeWei: 10n ** 18n,
      }),
    );
    await done(account.nameValidator(one.validator, true));
  }
}

/** Opens the channel of people who have joined. */
export async function openRehearsed(
  chain: DrivenChain,
  { rehearsal, token }: OnChain,
  deposit: bigint,
): Promise<void> {
  const payer = rehearsal.participants[0];
  const signatures = rehearsal.participants.map((one) =>
    toHex(signDigest(fromHex(rehearsal.channelId), one.accountKey)),
  );
  await done(
    chain.participantActs(payer.accountKey).openChannel(rehearsal.terms, signatures, rehearsal.boxes),
  );
  await chain.mint(token, payer.account, 2n * deposit);
  for (const payee of deposit === 0n ? [] : [1, 2]) {
    await done(chain.participantActs(payer.accountKey).deposit(rehearsal.channelId, payee, deposit));
  }
}
