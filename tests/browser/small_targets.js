// Finds what stands alone and is smaller than 44 px in a direction: links, buttons and fields, with their labels.
// A link in a sentence does not stand alone: its block has words of its own.
(() => {
  const pressed = "a[href], button, summary, select, textarea, input:not([type=hidden])";
  const blockOf = (node) => {
    let block = node.parentElement;
    while (getComputedStyle(block).display.startsWith("inline") && block.parentElement) block = block.parentElement;
    return block;
  };
  const ownWords = (block) => {
    const copy = block.cloneNode(true);
    copy.querySelectorAll(`${pressed}, .seen, svg`).forEach((inner) => inner.remove());
    return copy.textContent.replace(/[\s·|,.()\u2190-\u21ff]/g, "");
  };
  const isSmall = (node) => {
    const box = (node.labels?.length && /radio|checkbox/.test(node.type) ? node.labels[0] : node).getBoundingClientRect();
    return box.width > 0 && box.height > 0 && (box.height < 43.5 || box.width < 43.5);
  };
  const isHidden = (node) => !node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  return [...document.querySelectorAll(pressed)]
    .filter((node) => !node.classList.contains("skip") && !isHidden(node) && isSmall(node))
    .filter((node) => node.tagName !== "A" || !ownWords(blockOf(node)))
    .map((node) => {
      const { width, height } = node.getBoundingClientRect();
      return `${Math.round(width)} x ${Math.round(height)}: ${node.outerHTML.slice(0, 120)}`;
    });
})()
