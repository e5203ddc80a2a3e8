"use strict";
(() => {
  const stored = document.getElementById("data");
  if (!stored) return;
  const data = JSON.parse(stored.textContent);
  const REFERENCE = "reference";
  const SLICE_PX = 560, CASE_PX = 96, STRIP_PX = 84;
  const sharpness = Math.max(1, Math.min(2, window.devicePixelRatio || 1));

  const find = (id) => document.getElementById(id);
  const canvas = find("slice"), position = find("position"), status = find("status");
  const outlines = [{ name: REFERENCE, colour: data.reference }, ...data.methods];
  const wanted = new Set([REFERENCE, data.methods[0].name]);
  let current = data.cases[0], plane = current.shown, picture = null;

  /* Whether each pixel is mask, from the runs' lengths in base 36. */
  function decode(runs, [rows, columns]) {
    const mask = new Uint8Array(rows * columns);
    let at = 0, inside = false;
    for (const run of runs ? runs.split(",") : []) {
      const length = parseInt(run, 36);
      if (inside) mask.fill(1, at, at + length);
      at += length;
      inside = !inside;
    }
    return mask;
  }

  /* The edges between mask and not mask, in pixels of the mask. */
  function edges(runs, [rows, columns]) {
    const mask = decode(runs, [rows, columns]), path = new Path2D();
    const at = (y, x) =>
      y >= 0 && x >= 0 && y < rows && x < columns && mask[y * columns + x] === 1;
    for (let y = 0; y <= rows; y++) {
      for (let x = 0; x <= columns; x++) {
        if (at(y, x) !== at(y - 1, x)) {
          path.moveTo(x, y);
          path.lineTo(x + 1, y);
        }
        if (at(y, x) !== at(y, x - 1)) {
          path.moveTo(x, y);
          path.lineTo(x, y + 1);
        }
      }
    }
    return path;
  }

  function masksOf(shown, name) {
    return name === REFERENCE ? shown.reference : shown.masks[name];
  }

  function draw(target, shown, image, index, longest, width, names) {
    const [heightMm, widthMm] = shown.size_mm, scale = longest / Math.max(heightMm, widthMm);
    const size = [Math.round(widthMm * scale), Math.round(heightMm * scale)];
    target.width = size[0] * sharpness;
    target.height = size[1] * sharpness;
    target.style.aspectRatio = `${size[0]} / ${size[1]}`;
    target.style.width = `${size[0]}px`;
    const context = target.getContext("2d");
    const [tileHeight, tileWidth] = shown.tile;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      image,
      (index % shown.columns) * tileWidth, Math.floor(index / shown.columns) * tileHeight,
      tileWidth, tileHeight, 0, 0, target.width, target.height,
    );
    const steps = [target.width / shown.shape[1], target.height / shown.shape[0]];
    for (const { name, colour } of [...outlines.slice(1), outlines[0]]) {
      const mask = masksOf(shown, name);
      if (!names.has(name) || !mask) continue;
      const path = new Path2D();
      path.addPath(edges(mask.runs[index], shown.shape), new DOMMatrix([steps[0], 0, 0, steps[1], 0, 0]));
      context.strokeStyle = colour;
      context.lineWidth = (name === REFERENCE ? 0.6 * width : width) * sharpness;
      context.lineCap = "round";
      context.stroke(path);
    }
  }

  function load(shown) {
    return new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.onerror = reject;
      image.src = shown.sprite;
    });
  }

  const written = (dice) => (dice === null || dice === undefined ? "–" : dice.toFixed(4));

  function addButton(strip, label, title) {
    const button = document.createElement("button"), small = document.createElement("canvas");
    const caption = document.createElement("span");
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", title);
    caption.textContent = label;
    button.append(small, caption);
    strip.append(button);
    return button;
  }

  function mark(strip, index) {
    [...strip.children].forEach((button, number) =>
      button.setAttribute("aria-current", String(number === index)));
    const chosen = strip.children[index];
    const left = chosen.offsetLeft - strip.offsetLeft;
    if (left < strip.scrollLeft || left + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth) {
      strip.scrollLeft = left - (strip.clientWidth - chosen.offsetWidth) / 2;
    }
  }

  function showSlice() {
    draw(canvas, current, picture, plane, SLICE_PX, 2, wanted);
    position.value = String(plane);
    const number = current.numbers[plane], text = `Slice ${number} (${plane + 1} of ${current.numbers.length}, from below)`;
    status.textContent = text;
    position.setAttribute("aria-valuetext", text);
    const spoken = [];
    for (const row of find("outlines").tBodies[0].rows) {
      const mask = current.masks[row.dataset.name];
      if (row.dataset.name === REFERENCE) continue;
      const dice = mask ? written(mask.dice[plane]) : "failed";
      row.cells[1].textContent = dice;
      row.cells[2].textContent = mask ? written(current.volumeDice[row.dataset.name]) : "";
      spoken.push(`${row.dataset.name} ${dice}`);
    }
    canvas.setAttribute("aria-label", `${current.name}, ${text}. Dice: ${spoken.join(", ")}`);
    mark(find("slices"), plane);
  }

  function drawStrip() {
    [...find("slices").children].forEach((button, index) =>
      draw(button.firstChild, current, picture, index, STRIP_PX, 1, wanted));
  }

  async function showCase(index) {
    const shown = data.cases[index], image = await load(shown);
    current = shown;
    picture = image;
    plane = shown.shown;
    find("case-name").textContent = shown.name;
    position.max = String(shown.numbers.length - 1);
    const strip = find("slices");
    strip.replaceChildren();
    shown.numbers.forEach((number, at) => {
      addButton(strip, String(number), `Slice ${number}`).onclick = () => goTo(at);
    });
    drawStrip();
    mark(find("cases"), index);
    showSlice();
  }

  function goTo(index) {
    if (!picture || index < 0 || index >= current.numbers.length) return;
    plane = index;
    showSlice();
  }

  function stepCase(by) {
    const index = data.cases.indexOf(current) + by;
    if (index >= 0 && index < data.cases.length) showCase(index);
  }

  function setWanted(name, on) {
    if (on) wanted.add(name); else wanted.delete(name);
    for (const row of find("outlines").tBodies[0].rows) {
      if (row.dataset.name === name) row.querySelector("input").checked = on;
    }
  }

  function redraw() {
    drawStrip();
    showSlice();
  }

  for (const { name, colour } of outlines) {
    const row = find("outlines").tBodies[0].insertRow();
    const label = document.createElement("label"), box = document.createElement("input");
    const swatch = document.createElement("i");
    row.dataset.name = name;
    box.type = "checkbox";
    box.checked = wanted.has(name);
    box.onchange = () => { setWanted(name, box.checked); redraw(); };
    swatch.style.background = colour;
    label.append(box, swatch, name);
    row.insertCell().append(label);
    row.insertCell();
    row.insertCell();
  }
  data.cases.forEach((shown, index) => {
    const first = data.methods[0].name, dice = written(shown.volumeDice[first]);
    const button = addButton(find("cases"), shown.name, `${shown.name}: ${first} ${dice}`);
    button.onclick = () => showCase(index);
    load(shown).then((image) =>
      draw(button.firstChild, shown, image, shown.shown, CASE_PX, 1, new Set()));
  });

  position.oninput = () => goTo(Number(position.value));
  find("previous").onclick = () => goTo(plane - 1);
  find("next").onclick = () => goTo(plane + 1);
  find("all").onclick = () => { outlines.forEach(({ name }) => setWanted(name, true)); redraw(); };
  find("none").onclick = () => { outlines.forEach(({ name }) => setWanted(name, false)); redraw(); };
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return;
    event.preventDefault();
    goTo(plane + (event.deltaY < 0 ? 1 : -1));
  }, { passive: false });
  canvas.onclick = () => canvas.focus();
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
  find("viewer").addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const outline = /^[0-9]$/.test(event.key) ? outlines[Number(event.key)] : null;
    if (outline) {
      setWanted(outline.name, !wanted.has(outline.name));
      redraw();
    } else if (event.key in steps && event.target !== position) {
      goTo(plane + steps[event.key]);
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      stepCase(event.key === "PageDown" ? 1 : -1);
    } else {
      return;
    }
    event.preventDefault();
  });
  showCase(0);
})();
