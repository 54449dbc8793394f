"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const link = (rel) => document.querySelector(`link[rel="${rel}"]`)?.href;
  const go = (address) => { if (address) location.href = address; };
  const typing = (event) => event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey;

  /* Help: ? opens it, Esc closes it */
  const help = $("help");
  const ask = $("ask");
  if (ask) {
    ask.hidden = false;
    ask.addEventListener("click", () => help.showModal());
  }

  /* Keys that every page has, and those of its own kind */
  const keys = {
    "?": () => help.showModal(),
    "/": () => ($("find") || $("layer"))?.focus(),
    u: () => go(link("up")),
    "[": () => go(link("prev")),
    "]": () => go(link("next")),
  };
  const one = document.body.classList.contains("one");
  if (one) {
    keys.ArrowLeft = () => go(link("prev"));
    keys.ArrowRight = () => go(link("next"));
    keys.ArrowUp = () => go(link("up"));
  }
  addEventListener("keydown", (event) => {
    if (typing(event)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (help.open || (event.key === "ArrowUp" && one && scrollY > 0)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  /* Layers of the model page: find by name, arrows between their links */
  const rows = [...document.querySelectorAll(".layers > li")];
  const field = $("layer");
  field?.addEventListener("input", () => {
    const query = field.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.id.toLowerCase().includes(query);
  });
  if (rows.length) {
    const links = () => rows.filter((row) => !row.hidden).map((row) => row.querySelector("h2 a"));
    addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const all = links();
      const place = all.indexOf(document.activeElement);
      if (!step || place < 0 || typing(event)) return;
      event.preventDefault();
      all[place + step]?.focus();
    });
  }

  if ($("units")) grid($("units"));

  /* The grid of a layer page: cards are made when they come near, and taken away when they are far */
  function grid(place) {
    const SHARE = 24;
    const folder = place.dataset.folder;
    const columns = Number(place.dataset.columns);
    const pattern = place.querySelector(".unit");
    const path = (part) => encodeURIComponent(part);
    let data = null;
    let order = [];
    let groups = [];
    let tall = 0;

    const format = (value) => {
      const size = Math.abs(value);
      return (size >= 1000 && size < 1e6 ? value.toFixed(0) : value.toPrecision(3)).replace("-", "−");
    };
    const times = (value) => (value === null ? "" : value < 100 ? `${value.toFixed(1)}×` : `${format(value)}×`);
    const share = (value, other) => {
      const longest = Math.max(value, other);
      return longest > 0 ? `${(100 * Math.max(value, 0)) / longest}%` : "0%";
    };
    const values = (name) => data.scores[name] || data[name];
    const shown = (name, unit) => {
      if (!data.fired[unit]) return "silent";
      if (name === "channel" || name === "multiple") return times(values("multiple")[unit]);
      const value = values(name)[unit];
      return value === null ? "unknown" : name === "firing" ? `${format(100 * value)} %` : format(value);
    };
    const spots = (text) => {
      let drawn = "";
      const at = (index) => (text.charCodeAt(index) - 35) / 56;
      for (let index = 0; index < text.length; index += 4) {
        const cell = index / 4;
        const [left, up, width, height] = [0, 1, 2, 3].map((side) => at(index + side));
        drawn += `M${(cell % columns) + left} ${Math.floor(cell / columns) + up}h${width}v${height}h${-width}z`;
      }
      return drawn;
    };

    const card = (unit) => {
      const made = pattern.cloneNode(true);
      const number = String(data.channel[unit]);
      const file = `${path(folder)}/${number.padStart(4, "0")}`;
      made.id = number;
      made.href = `../units/${file}.html`;
      made.classList.toggle("silent", !data.fired[unit]);
      made.querySelector(".head b").textContent = number;
      made.querySelector(".head .by").textContent = shown(sort.value, unit);
      const picture = made.querySelector("img.made");
      picture.src = `../pictures/${file}.webp`;
      picture.alt = `Picture made for unit ${number}`;
      made.querySelectorAll(".nine img").forEach((image, line) => {
        image.src = `../examples/${file}.webp`;
        if (!line) image.alt = `The real images that fire unit ${number} most`;
      });
      made.querySelectorAll(".nine path").forEach((drawn) => drawn.setAttribute("d", spots(data.spots[unit])));
      const [high, real] = [data.reached[unit], data.best[unit]];
      const [one, two] = made.querySelectorAll(".bars i");
      one.style.width = share(high, real);
      two.style.width = share(real, high);
      one.parentElement.nextElementSibling.textContent = format(high);
      two.parentElement.nextElementSibling.textContent = format(real);
      return made;
    };

    /* Groups of cards hold their place while they are empty */
    const across = () => Math.max(1, getComputedStyle(groups[0] || place.firstElementChild).gridTemplateColumns.split(" ").length);
    const size = () => {
      const sample = place.querySelector(".unit");
      if (!sample) return;
      const gap = parseFloat(getComputedStyle(sample.parentElement).rowGap) || 0;
      tall = sample.offsetHeight + gap;
      const wide = across();
      groups.forEach((group, number) => {
        const held = Math.min(SHARE, order.length - number * SHARE);
        group.style.minHeight = `${Math.ceil(held / wide) * tall}px`;
      });
    };
    const fill = (group) => {
      if (group.firstChild) return;
      const first = Number(group.dataset.first);
      group.append(...order.slice(first, first + SHARE).map(card));
    };
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) fill(target);
        else if (!target.contains(document.activeElement)) target.replaceChildren();
      }
    }, { rootMargin: "1200px 0px" });
    const lay = () => {
      near.disconnect();
      groups = [];
      for (let first = 0; first < order.length; first += SHARE) {
        const group = document.createElement("div");
        group.className = "grid";
        group.dataset.first = first;
        groups.push(group);
      }
      place.replaceChildren(...groups);
      if (groups.length) fill(groups[0]);
      size();
      groups.forEach((group) => near.observe(group));
    };

    /* Sorting and finding; what is asked for stays in the address */
    const sort = $("sort");
    const find = $("find");
    const turn = $("turn");
    const wanted = (text) => {
      const query = text.trim().toLowerCase().replaceAll("_", " ");
      if (!query) return () => true;
      if (/^[\d\s,-]+$/.test(query)) {
        const ranges = query.split(",").filter((part) => part.trim()).map((part) => {
          const [first, last] = part.split("-").map(Number);
          return [first, last || first];
        });
        return (unit) => ranges.some(([first, last]) => data.channel[unit] >= first && data.channel[unit] <= last);
      }
      const labels = new Set(data.labels.flatMap((label, index) => (label.toLowerCase().replaceAll("_", " ").includes(query) ? [index] : [])));
      return (unit) => data.top[unit].some((label) => labels.has(label)) || ("silent".startsWith(query) && !data.fired[unit]);
    };
    const arrange = () => {
      const name = sort.value;
      const sign = (name === "channel" ? 1 : -1) * (turn.getAttribute("aria-pressed") === "true" ? -1 : 1);
      const by = values(name);
      const key = (unit) => (by[unit] === null || (name !== "channel" && !data.fired[unit]) ? Infinity * sign : by[unit]);
      order = data.channel.map((_, unit) => unit).filter(wanted(find.value));
      order.sort((a, b) => sign * (key(a) - key(b)) || data.channel[a] - data.channel[b]);
      $("none").hidden = order.length > 0;
      $("count").value = order.length === data.channel.length ? `${order.length} units` : `${order.length} of ${data.channel.length}`;
      lay();
    };
    const remember = () => {
      const asked = new URLSearchParams();
      if (sort.value !== "channel") asked.set("sort", sort.value);
      if (find.value) asked.set("find", find.value);
      if (turn.getAttribute("aria-pressed") === "true") asked.set("turned", "1");
      history.replaceState(null, "", `#${asked}`);
    };
    const recall = () => {
      const asked = new URLSearchParams(location.hash.slice(1));
      if ([...sort.options].some((option) => option.value === asked.get("sort"))) sort.value = asked.get("sort");
      find.value = asked.get("find") || "";
      turn.setAttribute("aria-pressed", asked.has("turned"));
    };
    const changed = () => { if (data) { arrange(); remember(); } };
    let soon = 0;
    sort.addEventListener("change", changed);
    find.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(changed, 120); });
    turn.addEventListener("click", () => {
      turn.setAttribute("aria-pressed", turn.getAttribute("aria-pressed") !== "true");
      changed();
    });

    /* Keyboard: arrows move between units */
    const focus = (index) => {
      if (index < 0 || index >= order.length) return;
      const group = groups[Math.floor(index / SHARE)];
      fill(group);
      const chosen = group.children[index % SHARE];
      chosen.focus();
      chosen.scrollIntoView({ block: "nearest" });
    };
    const current = () => order.findIndex((unit) => String(data.channel[unit]) === document.activeElement?.id);
    addEventListener("keydown", (event) => {
      if (!data || typing(event) || help.open) return;
      const far = across();
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -far, ArrowDown: far }[event.key];
      if (!step) return;
      const at = current();
      if (at < 0 && (event.key === "ArrowUp" || event.key === "ArrowDown")) return;
      event.preventDefault();
      focus(at < 0 ? 0 : at + step);
    });

    const start = () => {
      if (!window.gridlens || data) return;
      data = window.gridlens;
      const number = /^#(\d+)$/.exec(location.hash)?.[1];
      if (!number) recall();
      arrange();
      if (number) focus(order.findIndex((unit) => data.channel[unit] === Number(number)));
    };
    addEventListener("units", start);
    addEventListener("resize", () => { if (data) size(); });
    start();
  }
})();
