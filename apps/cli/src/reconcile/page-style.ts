/** Style and script of the page: light and dark as the reader's system is, or as chosen;
 tables that sort. */

export const pageStyle = `
:root{color-scheme:light dark;--ground:#fbfbf9;--panel:#fff;--text:#1b1d21;--soft:#5a606b;--line:#d9dce1;
--same:#6b8fb5;--differ:#c2410c;--good:#166534;--focus:#1d4ed8}
@media (prefers-color-scheme:dark){:root{--ground:#14161a;--panel:#1c1f25;--text:#e8eaee;--soft:#a3aab6;
--line:#343942;
--same:#5f86b0;--differ:#fb923c;--good:#4ade80;--focus:#93c5fd}}
:root[data-theme=light]{color-scheme:light;--ground:#fbfbf9;--panel:#fff;--text:#1b1d21;--soft:#5a606b;
--line:#d9dce1;
--same:#6b8fb5;--differ:#c2410c;--good:#166534;--focus:#1d4ed8}
:root[data-theme=dark]{color-scheme:dark;--ground:#14161a;--panel:#1c1f25;--text:#e8eaee;--soft:#a3aab6;
--line:#343942;
--same:#5f86b0;--differ:#fb923c;--good:#4ade80;--focus:#93c5fd}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header{max-width:1280px;margin:0 auto;padding:0 20px}
header{padding-top:28px;display:flex;gap:16px;align-items:flex-start;justify-content:space-between;
flex-wrap:wrap}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.15rem;margin:36px 0 10px}
p{margin:6px 0}
.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:18px 0}
.card{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.card b{display:block;font-size:1.45rem;font-variant-numeric:tabular-nums;line-height:1.25;
overflow-wrap:anywhere}
.verdict{border-left:6px solid var(--good)}
.verdict.above{border-left-color:var(--differ)}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:0 32px}
.grid>section{min-width:0}
@media (max-width:860px){.grid{grid-template-columns:1fr}}
.scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:7px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;
font-variant-numeric:tabular-nums}
th:first-child,td:first-child,.left{text-align:left}
.left{white-space:normal;min-width:11em}
td.id{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85rem}
tbody tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--soft)}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
th button::after{content:" ↕";opacity:.5}
th[aria-sort=ascending] button::after{content:" ↑";opacity:1}
th[aria-sort=descending] button::after{content:" ↓";opacity:1}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:3px}
.bars,.hours{list-style:none;margin:0;padding:12px 16px;background:var(--panel);
border:1px solid var(--line);border-radius:8px}
.bars li{display:grid;grid-template-columns:minmax(0,15em) minmax(40px,1fr) auto;gap:12px;
align-items:center;padding:3px 0;font-size:.92rem}
.bars .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .bar{display:block;height:16px;border-radius:2px;background:var(--differ)}
.bars .bar.same{background:var(--same)}
.bars .value{font-variant-numeric:tabular-nums;text-align:right}
@media (max-width:520px){.bars li{grid-template-columns:minmax(0,1fr) auto}.bars .room{grid-column:1/3;
grid-row:2;margin-top:-8px}}
.hours svg{width:100%;height:200px;display:block;border-bottom:1px solid var(--line)}
.hours .differ{fill:var(--differ)}
.hours .same{fill:var(--same)}
.ticks{display:flex;justify-content:space-between;color:var(--soft);font-size:.85rem;padding-top:6px}
@media (max-width:520px){.ticks span:nth-child(2),.ticks span:nth-child(3):not(:last-child){
display:none}}
.legend{display:flex;gap:18px;font-size:.9rem;color:var(--soft);margin:6px 0 8px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;
vertical-align:-1px}
button.theme,input{font:inherit;color:var(--text);background:var(--panel);border:1px solid var(--line);
border-radius:6px;padding:6px 12px}
input{width:min(420px,100%);margin:4px 0 10px}
details{margin:12px 0}summary{cursor:pointer}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85rem;overflow-wrap:anywhere}
footer{max-width:1280px;margin:40px auto 32px;padding:0 20px;color:var(--soft);font-size:.9rem}
@media print{.theme,input,label{display:none}}
`;

/** Sorting, the filter of impressions, and the choice of light or dark; the page is whole without it. */
export const pageScript = `
const root=document.documentElement,theme=document.querySelector('.theme');
const isDark=()=>root.dataset.theme?root.dataset.theme==='dark':matchMedia('(prefers-color-scheme:dark)').matches;
const say=()=>{theme.textContent=isDark()?'Light':'Dark'};
theme.hidden=false;theme.onclick=()=>{root.dataset.theme=isDark()?'light':'dark';say()};say();
for(const table of document.querySelectorAll('table.sorts')){
  const heads=[...table.tHead.rows[0].cells],body=table.tBodies[0];
  heads.forEach((head,at)=>{
    const button=document.createElement('button');button.type='button';
button.textContent=head.textContent;
    head.replaceChildren(button);
    button.onclick=()=>{
      const down=head.getAttribute('aria-sort')!=='descending';
      heads.forEach(one=>one.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort',down?'descending':'ascending');
      const value=row=>{const cell=row.cells[at];
return cell.dataset.value!==undefined?Number(cell.dataset.value):cell.textContent};
      const rows=[...body.rows].sort((a,b)=>{const x=value(a),y=value(b);
return (x<y?-1:x>y?1:0)*(down?-1:1)});
      body.append(...rows);
    };
  });
}
const filter=document.querySelector('#find');
if(filter)filter.oninput=()=>{
  const text=filter.value.toLowerCase();
  for(const row of document.querySelector('#impressions tbody').rows)row.hidden=!row.textContent.toLowerCase().includes(text);
};
`;
