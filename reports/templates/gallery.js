"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const sections = [...document.querySelectorAll(".layer")];
  const all = [...document.querySelectorAll(".unit")];
  const detail = $("detail");
  let shown = all;
  let open = null;

  const format = (value) => {
    const size = Math.abs(value);
    return (size >= 1000 && size < 1e6 ? value.toFixed(0) : value.toPrecision(3)).replace("-", "−");
  };

  /* Sorting and finding */
  const key = (unit, name) => (unit.dataset[name] === "" ? -Infinity : Number(unit.dataset[name]));
  const wanted = (text) => {
    const query = text.trim().toLowerCase();
    if (!query) return () => true;
    if (/^[\d\s,-]+$/.test(query)) {
      const ranges = query.split(",").filter((part) => part.trim()).map((part) => {
        const [first, last] = part.split("-").map(Number);
        return [first, last || first];
      });
      return (unit) => ranges.some(([first, last]) => key(unit, "channel") >= first && key(unit, "channel") <= last);
    }
    return (unit) => unit.id.toLowerCase().includes(query) || unit.dataset.top.toLowerCase().replaceAll("_", " ").includes(query.replaceAll("_", " "));
  };
  const arrange = () => {
    const name = $("sort").value;
    const sign = name === "channel" ? 1 : -1;
    const matches = wanted($("find").value);
    for (const unit of all) unit.hidden = !matches(unit);
    const order = (a, b) => a.hidden - b.hidden || sign * (key(a, name) - key(b, name));
    for (const section of sections) {
      const grids = [...section.querySelectorAll(".grid")];
      const units = [...section.querySelectorAll(".unit")].sort(order);
      const together = Math.ceil(units.length / grids.length);
      grids.forEach((grid, place) => {
        grid.replaceChildren(...units.slice(place * together, (place + 1) * together));
        grid.hidden = grid.firstElementChild.hidden;
      });
      section.hidden = units[0].hidden;
    }
    count();
  };
  const count = () => {
    shown = [...document.querySelectorAll(".unit:not([hidden])")];
    $("none").hidden = shown.length > 0;
    $("count").value = shown.length === all.length ? `${all.length} units` : `${shown.length} of ${all.length}`;
  };
  let soon = 0;
  $("sort").addEventListener("change", arrange);
  $("find").addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(arrange, 120);
  });

  /* One unit, large */
  const row = (list, name, value) => {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  };
  const numbers = (unit) => {
    const list = $("detail-numbers");
    const data = unit.dataset;
    list.replaceChildren();
    row(list, "made picture", format(Number(data.reached)));
    row(list, "best real image", format(Number(data.best)));
    if (data.multiple !== "") row(list, "ratio", format(Number(data.multiple)) + "×");
    if (data.sds !== "") row(list, "deviations", `${format(Number(data.sds))} above the mean of ${format(Number(data.mean))}`);
    row(list, "fires on", `${format(100 * Number(data.firing))} % of the real images`);
  };
  const found = (unit) => {
    const list = $("detail-found");
    const strip = unit.querySelector(".found img");
    const boxes = unit.querySelector(".found svg");
    list.replaceChildren();
    JSON.parse(unit.dataset.top).forEach(([label, activation, index], place) => {
      const item = document.createElement("li");
      const frame = document.createElement("span");
      const image = strip.cloneNode();
      const spot = boxes.cloneNode(true);
      frame.className = "found";
      image.loading = "eager";
      image.alt = label || `image ${index}`;
      image.style.cssText = `transform: translateX(-${(100 * place) / (unit.querySelector(".found").style.getPropertyValue("--cells"))}%)`;
      spot.setAttribute("viewBox", `${place % 3} ${Math.floor(place / 3)} 1 1`);
      frame.append(image, spot);
      const name = document.createElement("b");
      name.textContent = label ? label.replaceAll("_", " ") : `image ${index}`;
      item.append(frame, name, format(activation));
      list.append(item);
    });
  };
  const show = (unit) => {
    open = unit;
    $("detail-name").textContent = unit.id;
    const picture = unit.querySelector("img.made").cloneNode();
    picture.loading = "eager";
    $("detail-made").replaceChildren(picture, unit.querySelector(".bars").cloneNode(true));
    numbers(unit);
    found(unit);
    if (!detail.open) detail.showModal();
    detail.scrollTop = 0;
  };
  const named = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const follow = () => {
    const unit = named();
    if (unit && unit.classList.contains("unit")) show(unit);
    else if (detail.open) detail.close();
  };
  const go = (unit) => {
    if (unit) location.replace("#" + encodeURIComponent(unit.id));
  };
  const step = (count) => go(shown[shown.indexOf(open) + count]);
  addEventListener("hashchange", follow);
  detail.addEventListener("close", () => {
    if (named() === open) history.replaceState(null, "", location.pathname + location.search);
    if (open) open.focus({ preventScroll: false });
    open = null;
  });
  detail.addEventListener("click", (event) => { if (event.target === detail) detail.close(); });
  $("close").addEventListener("click", () => detail.close());
  $("before").addEventListener("click", () => step(-1));
  $("after").addEventListener("click", () => step(1));

  /* Keyboard: arrows move between units, in the grid and in the large view; / finds */
  const across = (unit) => getComputedStyle(unit.parentElement).gridTemplateColumns.split(" ").length;
  addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); $("find").focus(); return; }
    const unit = detail.open ? open : document.activeElement;
    if (!unit || !unit.classList.contains("unit")) return;
    const far = detail.open ? 0 : across(unit);
    const count = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -far, ArrowDown: far }[event.key];
    if (!count) return;
    event.preventDefault();
    if (detail.open) step(count);
    else shown[shown.indexOf(unit) + count]?.focus();
  });

  /* Which layer is being read */
  const links = new Map([...document.querySelectorAll(".layers a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      links.get(target.id)?.toggleAttribute("aria-current", isIntersecting);
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  sections.forEach((section) => watcher.observe(section));

  count();
  follow();
})();
