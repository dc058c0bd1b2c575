import { title } from './parts/title.js'
document.title = title
const data = await (await fetch('data.json')).json()
document.getElementById('said').textContent = data.said
