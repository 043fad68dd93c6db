/** What acts in disputes take, 16 participants and the largest rows: docs/reference/gas.md, rounded up. */

export const gasOf = {
  settle: 1_500_000,
  release: 180_000,
  reveal: 250_000,
  accept: 70_000,
  accuse: 200_000,
  accuserMove: 400_000,
  openNode: 2_000_000,
  openLeaf: 500_000,
  placeRecord: 300_000,
  timeOut: 230_000,
  question: 170_000,
  publish: 8_000_000,
  disprove: 2_800_000,
  drawPanel: 7_500_000,
  commitPanel: 100_000,
  revealPanel: 80_000,
  appeal: 150_000,
  concludePanel: 1_500_000,
} as const;
export type GasOf = keyof typeof gasOf;
