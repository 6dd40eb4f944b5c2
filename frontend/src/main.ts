import '@/styles/base.css'
import { createApp } from 'vue'
import App from '@/App.vue'
import { provideServices } from '@/composables/services'
import { restClient } from '@/plugins/restClient'
import { WsAdapter } from '@/plugins/wsAdapter'

const app = createApp(App)
provideServices({ ws: new WsAdapter(), rest: restClient }, app)
app.mount('#app')
