/** What lies locked on an account of the Vault until a block is over, in wei: contracts/src/lib/Bonds.sol. */
export const bondWei = {
  /** Of the participant's free wei, for its part. */
  part: 10n ** 16n,
  /** Of the validator's stake, for a seat. */
  seat: 10n ** 16n,
  /** Of the participant's free wei, for a result of its own. */
  ownResult: 10n ** 16n,
  /** Of the participant's free wei, for a question about a row, or to a panel. */
  question: 10n ** 16n,
  /** Of the participant's free wei or the validator's stake, for an accusation. */
  accusation: 10n ** 16n,
  /** What a validator has at stake at least, beyond what is announced to leave, to be drawn. */
  leastStake: 10n ** 17n,
} as const;
