// Pictures of messages: one opens when a button under it is pressed, and fades into the one that comes instead.
const moving = matchMedia("(prefers-reduced-motion: no-preference)");

export function open(item) {
  const picture = item.querySelector(".picture");
  if (!picture || !moving.matches) return;
  picture.classList.remove("opening");
  picture.getBoundingClientRect(); // so that it begins anew
  play(picture, "opening");
}

function play(element, name, then = () => {}) {
  element.classList.add(name);
  element.addEventListener("animationend", () => {
    element.classList.remove(name);
    then();
  }, { once: true });
}

// A changed message is made anew: what its picture is just doing goes on in the new one.
export function renew(old, made) {
  const before = old.querySelector(".picture");
  const after = made.querySelector(".picture");
  const opened = before?.classList.contains("opening") && before.getAnimations()[0]?.currentTime;
  const waiting = before?.querySelector(".leaving:not(.fading)"); // the one that shows until its successor is there
  const shown = waiting || before?.querySelector("img:not(.leaving)");
  old.replaceWith(made);
  if (!before || !after) return;
  const image = after.querySelector("img");
  if (!waiting && shown.src === image.src) {
    shown.alt = image.alt;
    image.replaceWith(shown);
  } else if (moving.matches) {
    shown.classList.add("leaving");
    shown.alt = "";
    after.append(shown);
    const fade = () => play(shown, "fading", () => shown.remove());
    image.decode().then(fade, fade);
  }
  if (typeof opened === "number") {
    play(after, "opening");
    const animation = after.getAnimations()[0];
    if (animation) animation.currentTime = opened;
  }
}
