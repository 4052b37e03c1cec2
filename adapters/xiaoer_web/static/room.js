// A person's page: what they do goes out in order, what changes comes in by the stream.
import { attaching } from "./attach.js";
import { complete } from "./commands.js";
import { listen } from "./listen.js";
import { open, renew } from "./pictures.js";

const page = document.body.dataset;
const here = { space: page.space, chat: page.chat, me: page.me };
const list = document.getElementById("messages");
const composer = document.getElementById("composer");
const text = document.getElementById("text");
const state = document.getElementById("state");
const $ = (id) => document.getElementById(id);

// -- out ------------------------------------------------------------------------------------------

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const found = await answer.json().catch(() => ({ error: answer.statusText }));
  if (!answer.ok) throw Object.assign(new Error(found.error || page.failed), { final: answer.status < 500 });
  return found;
}

const shown = $("outside") ?? composer; // what went wrong is said where somebody sees it
const waiting = [];
let sending = false;

// Each thing has its own key, so that asking again after a lost answer does nothing twice.
function act(what) {
  waiting.push({ key: crypto.randomUUID(), ...here, ...what });
  pump();
}

async function pump() {
  if (sending) return;
  sending = true;
  for (let pause = 250; waiting.length; ) {
    const batch = waiting.slice(0, 40);
    try {
      await post("/do", batch);
      waiting.splice(0, batch.length);
      complain(shown, "");
      pause = 250;
    } catch (error) {
      complain(shown, error.final ? error.message : `${page.lost} ${error.message}`);
      if (error.final) {
        waiting.splice(0, batch.length);
        if (batch[0].do === "write" && !text.value) text.value = batch[0].text;
      } else {
        await new Promise((done) => setTimeout(done, pause));
        pause = Math.min(pause * 2, 5000);
      }
    }
  }
  sending = false;
}

function complain(where, sentence) {
  const problem = where.querySelector(".problem");
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

// -- in -------------------------------------------------------------------------------------------

const atBottom = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
let low = true; // whether the end is read, which a picture that has come must not push away
addEventListener("scroll", () => (low = atBottom()));
list.addEventListener("load", () => low && list.lastElementChild?.scrollIntoView({ block: "end" }), { capture: true });
const message = (id) => list.querySelector(`[data-id="${CSS.escape(id)}"]`);

function put(notice) {
  if (notice.chat !== page.chat) return;
  const stay = !atBottom();
  const made = document.createRange().createContextualFragment(notice.html).firstElementChild;
  const old = message(notice.id);
  if (old) {
    made.classList.add("changed");
    renew(old, made);
  } else {
    // messages come in the order of their changes; their places are in the order in which they appeared
    const later = [...list.children].reverse().find((item) => Number(item.dataset.seq) < Number(made.dataset.seq));
    if (later) later.after(made);
    else list.prepend(made);
  }
  if ($("empty")) $("empty").hidden = true;
  quote(made);
  pinned();
  if (!stay) made.scrollIntoView({ block: "end" });
}

function quote(item) {
  const reply = item.querySelector(".reply");
  const answered = reply && message(reply.dataset.reply);
  if (answered) reply.textContent = `↳ ${answered.querySelector(".text").textContent.slice(0, 80)}`;
}

function pinned() {
  const found = [...list.querySelectorAll(".pin")].pop();
  $("pinned").hidden = !found;
  if (found) $("pinned").textContent = `📌 ${found.closest("li").querySelector(".text").textContent.slice(0, 200)}`;
}

function take(notice) {
  if (notice.kind === "message") put(notice);
  else if (notice.kind === "gone") {
    message(notice.id)?.remove();
    pinned();
  } else if (notice.kind === "people") {
    $("people").replaceChildren(document.createRange().createContextualFragment(notice.html));
    for (const item of list.children) decorate(item);
  } else if (notice.kind === "chats") chats(notice); else if (notice.kind === "clock") clock(notice.id);
  else if (notice.kind === "working") working(notice.id);
}

// What somebody wears now stands beside all that they ever said.
function decorate(item) {
  const person = $("people").querySelector(`[data-person="${CSS.escape(item.dataset.author)}"]`);
  const worn = person?.closest("li").querySelector(".badges")?.cloneNode(true);
  worn?.replaceChildren(...worn.querySelectorAll(".badge:not(.plain)"));
  const by = item.querySelector(".by");
  by.querySelector(".badges")?.remove();
  if (worn?.children.length) by.querySelector("b").after(" ", worn);
}

// Other chats may be open now; who may not see this one any more, or sees one at last, begins anew.
function chats(notice) {
  const nav = $("chats");
  nav.replaceChildren(document.createRange().createContextualFragment(notice.html));
  const current = nav.querySelector(`[data-place="${CSS.escape(page.chat)}"]`);
  current?.setAttribute("aria-current", "page");
  if (notice.id !== page.state || (notice.id === "in" && !current)) location.replace(`/as/${page.me}`);
}

function working(id) {
  const item = message(id)?.querySelector(".bubble");
  if (!item || item.querySelector(".working")) return;
  const note = document.createElement("p");
  note.className = "working";
  note.textContent = page.working;
  item.append(note);
}

listen(`${page.space}/${page.me}`, Number(page.rev), take, (open) => {
  state.textContent = page.lost;
  state.hidden = open;
});

// -- the page -------------------------------------------------------------------------------------

let mode = {}; // what the next words are: an edit, a reply, or new

function setMode(next, label) {
  mode = next;
  $("mode").hidden = !label;
  $("mode").querySelector("span").textContent = label || "";
  text.focus();
}

const upload = `/file?${new URLSearchParams({ space: page.space, as: page.me })}`;
const attached = attaching(composer, upload, Number(page.largest), page, (sentence) => complain(composer, sentence));

let turn = Promise.resolve(); // what is written after a file that is still being posted does not overtake it

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said && !attached.any) return;
  const what = { do: "write", text: said, kind: mode.edits ? "text" : $("kind").value, ...mode };
  text.value = "";
  text.dispatchEvent(new Event("input"));
  $("kind").value = "text";
  setMode({}, "");
  const taken = what.edits ? Promise.resolve(null) : attached.take();
  turn = turn.then(async () => {
    const file = await taken;
    if (file !== undefined) act({ ...what, ...file });
    else if (!text.value) text.value = said;
  });
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.defaultPrevented) {
    event.preventDefault();
    composer.requestSubmit();
  } else if (event.key === "Escape") setMode({}, "");
});
text.addEventListener("input", () => {
  text.style.setProperty("--lines", Math.min(6, text.value.split("\n").length));
});
$("mode-end").addEventListener("click", () => setMode({}, ""));
complete(text, $("commands"), `/commands?${new URLSearchParams({ space: page.space, as: page.me })}`);

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const item = event.target.closest("li");
  if (!button || !item) return;
  const id = item.dataset.id;
  if (button.dataset.press) {
    act({ do: "press", message: id, button: button.dataset.press });
    open(item);
  } else if (button.dataset.react)
    act({ do: "react", message: id, emoji: button.dataset.react, on: button.getAttribute("aria-pressed") !== "true" });
  else if (button.dataset.tool === "reply") setMode({ reply_to: id }, page.replying);
  else if (button.dataset.tool === "edit") {
    text.value = item.dataset.text;
    setMode({ edits: id }, page.editing);
  }
});

$("panel-toggle").addEventListener("click", (event) => {
  const open = document.body.classList.toggle("panel-open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});
$("role").addEventListener("change", async (event) => {
  await post("/role", { space: page.space, me: page.me, role: event.target.value });
  location.reload(); // other chats may be there now
});
$("leave")?.addEventListener("click", () => act({ do: "leave" }));
$("return")?.addEventListener("click", ({ currentTarget: { dataset } }) => {
  act({ do: "join", name: dataset.name, locale: dataset.locale });
});
$("people").addEventListener("click", ({ target }) => {
  const { strip, plugin } = target.closest("button")?.dataset ?? {};
  if (strip) act({ do: "strip", whose: target.closest("li").querySelector("a").dataset.person, plugin, kind: strip });
});
$("entry")?.addEventListener("change", ({ target }) => {
  post("/entry", { space: page.space, me: page.me, on_request: target.checked }).catch((error) => {
    target.checked = !target.checked;
    complain(shown, error.message);
  });
});
$("pull")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.name;
  act({ do: "join", me: "newcomer", name: field.value.trim(), locale: document.documentElement.lang, how: "pulled", by: page.me });
  field.value = "";
});
if ($("link")) $("link").value = location.origin + $("link").value;
$("copy")?.addEventListener("click", async (event) => {
  await navigator.clipboard?.writeText($("link").value);
  event.target.textContent = page.copied;
});

function clock(now) {
  const face = $("clock");
  face.dateTime = now;
  const zone = { timeZone: face.dataset.zone, hourCycle: "h23" };
  face.textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
    ...zone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).format(new Date(now));
}
document.querySelector(".jumps").addEventListener("click", async (event) => {
  const section = event.currentTarget.closest("section");
  if (!event.target.dataset.jump) return;
  try {
    clock((await post("/clock", { minutes: Number(event.target.dataset.jump) })).now);
    complain(section, "");
  } catch (error) {
    complain(section, error.message);
  }
});

for (const item of list.children) quote(item);
pinned();
list.lastElementChild?.scrollIntoView({ block: "end" });
text.focus({ preventScroll: true });
