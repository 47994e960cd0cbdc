"use strict";
// The page is complete without this: sorting, filtering, enlarging and marking the section are comforts.
(function () {
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };

  // Sorting: a button in each heading; numbers by their value, text by the reader's alphabet.
  function valueOf(row, column) {
    var cell = row.children[column];
    var text = cell.hasAttribute("data-sort") ? cell.getAttribute("data-sort") : cell.textContent.trim();
    var number = Number(text);
    return { text: text, number: text === "" ? NaN : number, missing: text === "" || text === "\u2013" };
  }
  function compare(a, b, sign) {
    if (a.missing || b.missing) { return a.missing - b.missing; }
    if (!isNaN(a.number) && !isNaN(b.number)) { return sign * (a.number - b.number); }
    return sign * a.text.localeCompare(b.text, undefined, { numeric: true });
  }
  all("table.sortable").forEach(function (table) {
    var headings = all("thead th", table);
    headings.forEach(function (heading) {
      var column = Array.prototype.indexOf.call(heading.parentNode.children, heading);
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      // A term is a button of its own, and no button may hold another.
      if (heading.querySelector(".term")) { button.setAttribute("aria-label", "Sort by " + heading.textContent); }
      else { while (heading.firstChild) { button.appendChild(heading.firstChild); } }
      heading.appendChild(button);
      button.addEventListener("click", function () {
        var now = heading.getAttribute("aria-sort");
        var number = heading.classList.contains("num");
        var down = now ? now === "ascending" : number;
        headings.forEach(function (other) { other.removeAttribute("aria-sort"); });
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        var body = table.tBodies[0];
        Array.prototype.map.call(body.rows, function (row, place) { return { row: row, place: place, value: valueOf(row, column) }; })
          .sort(function (a, b) { return compare(a.value, b.value, down ? -1 : 1) || a.place - b.place; })
          .forEach(function (one) { body.appendChild(one.row); });
      });
    });
  });

  // Wrong images: filter by class, and show some at first.
  var list = document.getElementById("errors");
  if (list) {
    var form = document.querySelector(".filter");
    var items = all("li", list);
    var first = 24;
    var output = form.querySelector("output");
    var more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    list.after(more);
    form.hidden = false;
    var show = function () {
      var wanted = { "true": form.elements["true"].value, "predicted": form.elements.predicted.value };
      var shown = 0, matching = 0;
      items.forEach(function (item) {
        var fits = (!wanted["true"] || item.dataset["true"] === wanted["true"]) && (!wanted.predicted || item.dataset.predicted === wanted.predicted);
        item.hidden = !fits;
        matching += fits;
        item.classList.toggle("beyond", fits && matching > first);
        shown += fits && matching <= first;
      });
      output.textContent = matching === shown ? matching + (matching === 1 ? " image" : " images") : shown + " of " + matching + " images";
      more.hidden = matching === shown;
      more.textContent = "Show all " + matching;
    };
    form.addEventListener("change", show);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    show();
    more.addEventListener("click", function () {
      var next = items.filter(function (item) { return item.classList.contains("beyond"); })[0];
      first = Infinity;
      show();
      var target = next && next.querySelector("button");
      if (target) { target.focus(); }
    });
  }

  // Enlarging: a picture becomes a button that opens a dialog; arrows go on, Escape closes.
  var dialog = document.getElementById("enlarged");
  if (dialog && dialog.showModal) {
    var big = dialog.querySelector("img"), caption = dialog.querySelector("figcaption"), opener = null;
    var open = function (image) {
      opener = image.parentNode;
      big.src = image.src;
      big.alt = image.alt;
      var said = image.closest("figure").querySelector("figcaption");
      caption.replaceChildren.apply(caption, Array.prototype.map.call(said.children, function (child) {
        var line = document.createElement("div");
        line.appendChild(child.cloneNode(true));
        return line;
      }));
      if (!dialog.open) { dialog.showModal(); }
    };
    all("img[data-enlarge]").forEach(function (image) {
      var button = document.createElement("button");
      button.type = "button";
      image.replaceWith(button);
      button.appendChild(image);
      button.setAttribute("aria-label", "Enlarge " + image.alt);
      button.addEventListener("click", function () { open(image); });
    });
    dialog.addEventListener("click", function (event) { if (event.target === dialog) { dialog.close(); } });
    dialog.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || !opener) { return; }
      var box = opener.closest(".errors, .pairs, .thumbs, .overlay");
      var buttons = all(".thumb button, .panels button", box).filter(function (each) { return each.offsetParent; });
      var next = buttons[buttons.indexOf(opener) + step];
      if (next) { event.preventDefault(); open(next.querySelector("img")); }
    });
    dialog.addEventListener("close", function () { if (opener) { opener.focus(); } });
  }

  // A link to a finding opens it.
  function reveal() {
    var target = null;
    try { target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch (error) { return; }
    if (target && target.tagName === "DETAILS") { target.open = true; }
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  // Printing shows what is folded away, save what would fill the paper.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = all("details:not([open]):not(.bulk)");
    folded.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (one) { one.open = false; }); });

  // A table that is wider than the page fades out on the side where it goes on.
  function fade(box) {
    var left = box.scrollLeft > 1, right = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
    box.classList.toggle("on-left", left);
    box.classList.toggle("on-right", right);
  }
  if ("ResizeObserver" in window) {
    var sizes = new ResizeObserver(function (entries) { entries.forEach(function (entry) { fade(entry.target); }); });
    all(".scroll").forEach(function (box) {
      sizes.observe(box);
      box.addEventListener("scroll", function () { fade(box); }, { passive: true });
    });
  }

  // Mark the section that is being read.
  if ("IntersectionObserver" in window) {
    var links = {};
    all(".toc a").forEach(function (link) { links[link.getAttribute("href").slice(1)] = link; });
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) { return; }
        Object.keys(links).forEach(function (id) { links[id].removeAttribute("aria-current"); });
        links[entry.target.id].setAttribute("aria-current", "true");
      });
    }, { rootMargin: "-15% 0px -75% 0px" });
    Object.keys(links).forEach(function (id) { var one = document.getElementById(id); if (one) { watch.observe(one); } });
  }
})();
