/** Charts of the page: bars that can be read without colour, each with its figure in words. */

export interface Bar {
  readonly name: string;
  /** What its length shows. */
  readonly value: number;
  readonly text: string;
  /** Drawn as what agrees, and not as what differs. */
  readonly isSame?: boolean;
}

export function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (mark) => marks[mark]);
}

/** Names longer than fit, cut in the middle, where ids differ least. */
export function shortName(name: string, charactersMax = 32): string {
  if (name.length <= charactersMax) return name;
  const half = (charactersMax - 1) >> 1;
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}

/** One bar a line, the longest as wide as there is room. */
export function barChart(label: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  const rows = bars.map(({ name, value, text, isSame }) => {
    const width = value <= 0 ? 0 : Math.max(0.5, (value / most) * 100);
    const kind = isSame === true ? 'same' : 'differ';
    return (
      `<li title="${escaped(name)}"><span class="name">${escaped(shortName(name))}</span>` +
      `<span class="room"><span class="bar ${kind}" style="width:${width.toFixed(2)}%"></span></span>` +
      `<span class="value">${escaped(text)}</span></li>`
    );
  });
  return `<ul class="bars" aria-label="${escaped(label)}">${rows.join('')}</ul>`;
}

export interface HourBar {
  readonly label: string;
  readonly same: number;
  readonly differing: number;
}

const chartWidth = 1_000;
const chartHeight = 180;
const topRoom = 8;
const ticks = 4;

/** A column an hour: impressions on which both agree, and above them those that differ. */
export function hourChart(label: string, hours: readonly HourBar[]): string {
  const most = Math.max(...hours.map((hour) => hour.same + hour.differing), 1);
  const step = chartWidth / Math.max(hours.length, 1);
  const width = Math.min(step * 0.8, 60);
  const scale = (chartHeight - topRoom) / most;
  const columns = hours.map(({ label: hour, same, differing }, at) => {
    const x = (at * step + (step - width) / 2).toFixed(2);
    const sameHeight = same * scale;
    const differHeight = differing === 0 ? 0 : Math.max(1.5, differing * scale);
    const box = (kind: string, bottom: number, height: number): string =>
      `<rect class="${kind}" x="${x}" y="${(chartHeight - bottom - height).toFixed(2)}" ` +
      `width="${width.toFixed(2)}" height="${height.toFixed(2)}"/>`;
    const title = `<title>${escaped(hour)} UTC: ${same} agree, ${differing} differ</title>`;
    return `<g>${title}${box('same', 0, sameHeight)}${box('differ', sameHeight, differHeight)}</g>`;
  });
  const shown = Math.min(ticks, hours.length);
  const labels = Array.from({ length: shown }, (_, tick) => {
    const at = shown === 1 ? 0 : Math.round((tick * (hours.length - 1)) / (shown - 1));
    return `<span>${escaped(hours[at].label.slice(5))}</span>`;
  });
  return (
    `<div class="hours"><svg role="img" aria-label="${escaped(label)}" preserveAspectRatio="none" ` +
    `viewBox="0 0 ${chartWidth} ${chartHeight}">${columns.join('')}</svg>` +
    `<div class="ticks">${labels.join('')}</div></div>`
  );
}
