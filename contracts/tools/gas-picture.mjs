/** docs/pictures/griefing.svg: for each way to grief, how much it costs for each coin of harm, on a scale of tens. */

const left = 330;
const right = 880;
const rowHeight = 28;
const top = 92;
/** What is above or below stands at the edge. */
const [least, most] = [0.05, 20];

function placeOf(ratio) {
  const share = Math.log(Math.min(Math.max(ratio, least), most) / least) / Math.log(most / least);
  return Math.round(left + share * (right - left));
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** A circle for the lower price of gas, a square for the higher; an arrow at the edge where nobody is harmed. */
function markOf(ratio, y, isHigher) {
  const name = isHigher ? 'higher' : 'lower';
  if (ratio === undefined) {
    return `  <path class="${name}" d="M ${right + 8} ${y - 6} l 12 6 l -12 6 z"/>\n`;
  }
  const x = placeOf(ratio);
  return isHigher
    ? `  <rect class="${name}" x="${x - 5}" y="${y - 5}" width="10" height="10"/>\n`
    : `  <circle class="${name}" cx="${x}" cy="${y}" r="6"/>\n`;
}

function rowOf({ way, ratios }, i) {
  const y = top + i * rowHeight + rowHeight / 2;
  const line = `  <line class="row" x1="${left}" y1="${y}" x2="${right}" y2="${y}"/>\n`;
  const marks = ratios.map((ratio, k) => markOf(ratio, y, k > 0)).join('');
  return `  <text class="way" x="${left - 14}" y="${y + 4}">${escaped(way)}</text>\n${line}${marks}`;
}

/** `ways`: {way, ratios} with a ratio for each of the two prices, undefined where who is right loses nothing. */
export function griefPicture(ways, [low, high]) {
  const bottom = top + ways.length * rowHeight;
  const even = placeOf(1);
  const ticks = [0.1, 0.3, 1, 3, 10].map(
    (tick) => `  <text class="small mid" x="${placeOf(tick)}" y="${bottom + 20}">${tick}</text>\n`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="${bottom + 64}" viewBox="0 0 960 ${bottom + 64}" role="img" aria-labelledby="title text">
  <title id="title">What a griefer pays for each coin of harm</title>
  <desc id="text">For each way to grief with 16 participants the griefer's loss divided by that of those who are right, at gas prices of ${low} and ${high} gwei. Left of 1 harm is cheaper than it hurts; arrows at the right edge stand where those who are right lose nothing. The same numbers stand in the table of docs/reference/gas.md.</desc>
  <style>
    text { font-family: "DejaVu Sans", Verdana, Arial, sans-serif; fill: #1d2733; }
    .name { font-size: 17px; font-weight: bold; }
    .way { font-size: 13px; text-anchor: end; }
    .small { font-size: 12px; fill: #4a5866; }
    .mid { text-anchor: middle; }
    .cheap { fill: #f9dcd6; }
    .dear { fill: #e3f1e7; }
    .row { stroke: #c9d3dd; }
    .even { stroke: #5b7086; stroke-width: 1.6; }
    .lower { fill: #ffffff; stroke: #1d2733; stroke-width: 1.6; }
    .higher { fill: #1d2733; }
  </style>
  <rect width="960" height="${bottom + 64}" fill="#ffffff"/>
  <text class="name" x="24" y="34">What a griefer pays for each coin of harm, 16 participants</text>
  <circle class="lower" cx="${left + 6}" cy="58" r="6"/>
  <text class="small" x="${left + 20}" y="62">gas at ${low} gwei</text>
  <rect class="higher" x="${left + 141}" y="53" width="10" height="10"/>
  <text class="small" x="${left + 160}" y="62">gas at ${high} gwei</text>
  <path class="lower" d="M ${left + 280} 52 l 12 6 l -12 6 z"/>
  <text class="small" x="${left + 300}" y="62">nobody else loses</text>
  <rect class="cheap" x="${left}" y="${top}" width="${even - left}" height="${ways.length * rowHeight}"/>
  <rect class="dear" x="${even}" y="${top}" width="${right - even}" height="${ways.length * rowHeight}"/>
  <line class="even" x1="${even}" y1="${top}" x2="${even}" y2="${bottom}"/>
${ways.map(rowOf).join('')}${ticks.join('')}  <text class="small mid" x="${(left + even) / 2}" y="${bottom + 44}">harm is cheaper than it hurts</text>
  <text class="small mid" x="${(even + right) / 2}" y="${bottom + 44}">the griefer loses more</text>
</svg>
`;
}
