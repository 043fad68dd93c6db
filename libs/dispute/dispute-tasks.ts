/** Everything that a participant is to do in a block's dispute, game by game. */
import { type AccusationTask, accusationTasks } from './accusation-tasks.js';
import type { DisputeSeen, Player } from './dispute-seen.js';
import { type PanelTask, panelTasks } from './panel-tasks.js';
import { type PartTask, partTasks } from './part-tasks.js';

export type DisputeTask = AccusationTask | PartTask | PanelTask;

/** What is due, and what waits for others; games that one has no part in are left out. */
export function disputeTasks(seen: DisputeSeen, player: Player): DisputeTask[] {
  return [...accusationTasks(seen, player), ...partTasks(seen, player), ...panelTasks(seen, player)];
}
