export const title = 'Tides'
