/** What acts in disputes take, 16 participants and the largest rows: docs/reference/gas.md, rounded up. */

export const gasOf = {
  settle: 1_100_000,
  release: 90_000,
  reveal: 250_000,
  accept: 70_000,
  accuse: 200_000,
  accuserMove: 300_000,
  openNode: 2_000_000,
  openLeaf: 250_000,
  placeRecord: 250_000,
  timeOut: 150_000,
  question: 150_000,
  publish: 8_000_000,
  disprove: 1_600_000,
  drawPanel: 6_500_000,
  commitPanel: 120_000,
  revealPanel: 120_000,
  appeal: 150_000,
  concludePanel: 1_500_000,
} as const;
export type GasOf = keyof typeof gasOf;
