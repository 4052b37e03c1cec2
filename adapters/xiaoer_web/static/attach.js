// One file that hangs on the next message: chosen, pasted or dropped, posted at once, and shown until it is sent.
export function attaching(composer, address, limit, page, complain) {
  const field = composer.querySelector("#file");
  const bar = composer.querySelector("#attached");
  const text = composer.querySelector("#text");
  let chosen = null;
  let posted = null;

  function show(words) {
    bar.hidden = !chosen;
    bar.querySelector("span").textContent = chosen ? words.replace("{name}", chosen.name) : "";
    text.required = !chosen;
  }

  function clear() {
    chosen = posted = null;
    field.value = "";
    show("");
  }

  async function post(file) {
    const query = new URLSearchParams({ name: file.name });
    const answer = await fetch(`${address}&${query}`, {
      method: "POST", headers: { "content-type": "application/octet-stream" }, body: file,
    });
    const found = await answer.json().catch(() => ({ error: answer.statusText }));
    if (!answer.ok) throw new Error(found.error || page.failed);
    return found;
  }

  function choose(file) {
    clear();
    complain("");
    if (!file) return;
    if (file.size > limit) {
      complain(page.tooLarge);
      return;
    }
    chosen = file;
    show(page.attaching);
    posted = post(file);
    posted.then(
      () => file === chosen && show(page.attached),
      (error) => {
        if (file !== chosen) return;
        clear();
        complain(error.message);
      },
    );
    text.focus();
  }

  // What the next message carries, once it is posted: null for nothing, undefined when it could not be posted.
  function take() {
    const going = posted;
    if (!going) return Promise.resolve(null);
    clear();
    return going.catch((error) => complain(error.message));
  }

  field.addEventListener("change", () => choose(field.files[0]));
  composer.querySelector("#attached-end").addEventListener("click", () => {
    clear();
    field.focus();
  });
  text.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      choose(event.clipboardData.files[0]);
    }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (![...(event.dataTransfer?.types || [])].includes("Files")) return;
      event.preventDefault();
      composer.classList.toggle("dropping", kind === "dragover");
      if (kind === "drop") choose(event.dataTransfer.files[0]);
    });
  }
  return { take, get any() { return Boolean(chosen); } };
}
