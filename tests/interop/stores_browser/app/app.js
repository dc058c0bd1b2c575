import { title } from './parts/title.js'

const [tides, program] = await Promise.all([
  fetch('tides.json').then((answer) => answer.json()),
  WebAssembly.instantiateStreaming(fetch('parts/add.wasm')),
])
document.getElementById('sum').value = program.instance.exports.add(4, 3)

function show() {
  const place = location.hash.slice(1) || 'today'
  document.title = `${title}: ${place}`
  document.getElementById('said').textContent = tides[place] ?? 'There is no such page.'
  for (const link of document.querySelectorAll('nav a')) {
    if (link.id === place) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

addEventListener('hashchange', show)
show()
await document.fonts.load('16px Site')
document.documentElement.dataset.ready = 'yes'
