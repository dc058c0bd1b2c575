const KEPT = 'site'
addEventListener('install', (event) => event.waitUntil(
  caches.open(KEPT).then((cache) => cache.addAll(['/', '/app.js', '/parts/title.js', '/style.css', '/data.json', '/fonts/site.woff2']))
    .then(() => skipWaiting())))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/by-the-worker') event.respondWith(new Response('made here'))
  else event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)))
})
