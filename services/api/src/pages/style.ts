const CSS = `
:root{color-scheme:light dark;--bg:#fbfbf9;--panel:#fff;--text:#1c1d1f;--muted:#63666d;--line:#e3e3de;--accent:#b4490f;--warn-bg:#fdf1dc;--warn:#7a4b00;--good-bg:#e2f2e4;--good:#1d5b2a;--row:#f5f4f0}
@media(prefers-color-scheme:dark){:root{--bg:#131416;--panel:#1a1c1f;--text:#e9e9e6;--muted:#a0a4ab;--line:#2e3136;--accent:#f59a5f;--warn-bg:#3a2b10;--warn:#f4cd85;--good-bg:#17321d;--good:#9fdcab;--row:#202327}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
a{color:var(--accent);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:1rem;background:var(--panel);padding:.5rem 1rem;z-index:1}
header.site{border-bottom:1px solid var(--line);background:var(--panel)}
header.site div,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header.site div{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;padding-top:.8rem;padding-bottom:.8rem}
header.site strong a{color:var(--text);text-decoration:none;font-size:1.1rem;letter-spacing:-.01em}
header.site nav{display:flex;gap:1rem}
main{padding-top:1.75rem;padding-bottom:2rem}
h1{font-size:1.7rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 .35rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.4rem 0;max-width:52rem}
.muted{color:var(--muted)}
.num{font-variant-numeric:tabular-nums}
.facts{display:flex;flex-wrap:wrap;gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:1.25rem 0}
.facts>div{flex:1 1 9rem;background:var(--panel);padding:.7rem .9rem;min-width:max-content}
.facts dt{color:var(--muted);font-size:.8rem}
.facts dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
.facts dd small{display:block;font-weight:400;color:var(--muted)}
.table{background:var(--panel);border:1px solid var(--line);border-radius:10px;overflow:hidden}
table{border-collapse:collapse;width:100%;table-layout:fixed}
caption{text-align:left;color:var(--muted);font-size:.85rem;padding:.7rem .9rem}
th,td{text-align:left;vertical-align:top;padding:.6rem .9rem;border-top:1px solid var(--line)}
thead th{font-size:.78rem;font-weight:600;color:var(--muted);white-space:nowrap}
tbody tr:hover{background:var(--row)}
tbody th{font-weight:400}
thead .rank{width:4.5rem}thead .agent{width:30%}thead .level{width:11%}thead .price{width:25%}thead .total{width:10.5rem}
td.right,th.right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.rank{color:var(--muted)}
td.total{font-weight:600}
.name{font-weight:600;overflow-wrap:anywhere}
.name a{color:inherit;text-decoration:none}.name a:hover{text-decoration:underline}
.addresses{display:flex;flex-wrap:wrap;gap:0 .75rem;font-size:.82rem;color:var(--muted)}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.tokens{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.88rem}
.tokens li{white-space:nowrap;max-width:100%;overflow:hidden;text-overflow:ellipsis}
.tokens b{font-weight:600}
tbody .level{font-size:.9rem}
.badge{display:inline-block;font-size:.75rem;line-height:1.5;padding:0 .5em;border-radius:1em;background:var(--warn-bg);color:var(--warn);margin-top:.2rem}
nav.pages{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0;align-items:center}
nav.pages a,nav.pages span.off{border:1px solid var(--line);border-radius:8px;padding:.4rem .9rem;background:var(--panel);text-decoration:none}
nav.pages a:hover{border-color:var(--accent)}
nav.pages span.off{color:var(--muted);opacity:.55}
nav.pages .place{margin-left:auto;color:var(--muted);font-variant-numeric:tabular-nums}
form.search{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0}
form.search label{font-weight:600}
form.search input{flex:1 1 14rem;max-width:26rem;min-width:0}
form.search input,form.search button{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.4rem .8rem}
form.search input:focus-visible,form.search button:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
form.search button{cursor:pointer;font-weight:600}
form.search button:hover{border-color:var(--accent)}
.badge+.empty,.badge~.empty{margin-top:1rem}
.empty{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1.5rem}
.badge.good{background:var(--good-bg);color:var(--good)}
progress{width:100%;max-width:30rem;height:.6rem;display:block;margin-top:.4rem;accent-color:var(--accent)}
h3{font-size:.95rem;margin:1.2rem 0 .3rem}
.operation{border-top:1px solid var(--line);margin-top:2rem}
.operation h2{margin-top:1.25rem;scroll-margin-top:1rem}
.contents ul{list-style:none;padding:0;margin:.3rem 0}
.contents h2{margin-top:1.25rem}
.fields{margin:.5rem 0;background:var(--panel);border:1px solid var(--line);border-radius:10px}
.fields>div{padding:.55rem .9rem;border-top:1px solid var(--line)}
.fields>div:first-child{border-top:0}
.fields dt{overflow-wrap:anywhere}
.fields dd{margin:0;max-width:52rem}
.fields .muted{font-size:.85rem}
details{margin:.8rem 0}
summary{cursor:pointer;font-weight:600;font-size:.95rem}
pre{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.8rem .9rem;overflow-x:auto;font-size:.85rem}
pre code{overflow-wrap:normal}
footer{color:var(--muted);font-size:.85rem;padding-bottom:2.5rem}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:56rem){
body{font-size:15px}
header.site div,main,footer{padding-left:1rem;padding-right:1rem}
table,tbody,tr,th,td,caption{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:grid;grid-template-columns:2.6rem minmax(0,1fr) auto;gap:.15rem .5rem;padding:.75rem .9rem;border-top:1px solid var(--line)}
tbody th,tbody td{border:0;padding:0}
tbody.plain tr{grid-template-columns:minmax(0,1fr) auto}
tbody.plain td.price{grid-column:1;grid-row:2}
tbody.plain td.total{grid-column:2}
tbody tr td.wide{grid-column:2/-1}
tbody tr td.level::before{content:"Level ";color:var(--muted)}
tbody tr td.rank{text-align:left}
tbody tr td.total{grid-column:3;grid-row:1}
tbody td.wide .tokens{display:flex}
nav.pages .place{margin-left:0;width:100%}
}
@media print{body{background:#fff}nav.pages,form.search,header.site nav,.skip{display:none}}
`;

/** FNV-1a: names the file by its content, so that a deploy is never read with an older page's style. */
function toFingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

export const STYLE = CSS.trim();
export const STYLE_REVISION = toFingerprint(STYLE);
export const STYLE_PATH = `/assets/standings-${STYLE_REVISION}.css`;

export const ICON_PATH = "/assets/icon.svg";
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#b4490f"/><path d="M7 25V17h5v8zm6.5 0V7h5v18zM20 25V13h5v12z" fill="#fff"/></svg>';
