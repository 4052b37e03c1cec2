// Coming in: the form becomes a join, and the newcomer's own page opens in this tab.
for (const form of document.querySelectorAll("form.join")) {
  const key = crypto.randomUUID(); // stays the same when the same join is tried again
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector(".problem");
    const { space, by, invite } = form.dataset;
    const join = {
      do: "join", key, space, chat: `${space}/main`, me: "newcomer",
      name: form.elements.name.value.trim(), locale: form.elements.locale.value,
      how: by ? "link" : "name", by: by || null, invite: invite || null,
    };
    try {
      const answer = await fetch("/do", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(join),
      });
      const found = await answer.json().catch(() => ({ error: answer.statusText }));
      if (!answer.ok) throw new Error(found.error);
      location.href = `/as/${found[0].me}`;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}
