const KEPT = 'tides'
const FILES = ['./', 'style.css', 'app.js', 'parts/title.js', 'parts/add.wasm', 'tides.json', 'fonts/site.woff2',
  'pictures/moon.svg', 'pictures/chart.png']
addEventListener('install', (event) => event.waitUntil(
  caches.open(KEPT).then((cache) => cache.addAll(FILES)).then(() => skipWaiting())))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/by-the-worker') event.respondWith(new Response('made here'))
  else event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)))
})
