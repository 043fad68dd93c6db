/** The catalogue of reducers: adding one adds a folder and a line here. */
import type { Reducer } from './reducer.js';
import { rtbImpression1 } from './reducers/rtb-impression-1/rtb-impression.js';

export const reducers: ReadonlyMap<string, Reducer> = new Map([
  [rtbImpression1.id, rtbImpression1 as Reducer],
]);
