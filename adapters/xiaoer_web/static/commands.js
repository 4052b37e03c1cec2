// Slash commands that complete: a listbox above the field, worked by keyboard or pointer.
export function complete(field, box, address) {
  let known = null;
  let shown = [];
  let at = -1;
  let moved = false;

  async function load() {
    const answer = await fetch(address);
    known = answer.ok ? await answer.json() : [];
    draw();
  }

  function draw() {
    const typed = field.value;
    if (typed.startsWith("/") && known === null) {
      known = [];
      load();
    }
    const word = typed.slice(1).toLowerCase();
    shown = typed.startsWith("/") && !typed.includes("\n") && known ? known.filter(({ path }) => path.startsWith(word)) : [];
    at = shown.length ? Math.min(Math.max(at, 0), shown.length - 1) : -1;
    box.replaceChildren(...shown.map(option));
    box.hidden = !shown.length;
    field.setAttribute("aria-expanded", String(!box.hidden));
    if (at >= 0) field.setAttribute("aria-activedescendant", `command-${at}`);
    else field.removeAttribute("aria-activedescendant");
  }

  function option({ path, usage, summary }, index) {
    const item = document.createElement("li");
    item.id = `command-${index}`;
    item.role = "option";
    item.ariaSelected = String(index === at);
    const name = document.createElement("b");
    name.textContent = `/${path} `;
    const how = document.createElement("code");
    how.textContent = usage;
    const what = document.createElement("span");
    what.textContent = summary;
    item.append(name, how, what);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(index);
    });
    return item;
  }

  function choose(index) {
    field.value = `/${shown[index].path}${shown[index].usage ? " " : ""}`;
    at = -1;
    draw();
    box.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.focus();
  }

  // "/peak" is sent as it is, though there is "/peak show": the first word alone means something.
  function whole() {
    const typed = field.value.slice(1);
    return !moved && shown.some(({ path }) => path === typed || path.startsWith(`${typed} `));
  }

  field.addEventListener("input", () => {
    at = 0;
    moved = false;
    draw();
  });
  field.addEventListener("blur", () => (box.hidden = true));
  field.addEventListener(
    "keydown",
    (event) => {
      if (box.hidden || event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        moved = true;
        at = (at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length;
        draw();
      } else if (event.key === "Tab" || (event.key === "Enter" && !whole())) choose(at);
      else if (event.key === "Escape") box.hidden = true;
      else return;
      event.preventDefault();
    },
    { capture: true },
  );
}
