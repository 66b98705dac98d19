# What a Jupyter server needs to run code for vr, beside a token:
#
#   JUPYTER_TOKEN=… jupyter-server --no-browser --config=jupyter_server_config.py
#   KG_AUTH_TOKEN=… jupyter-kernelgateway --config=jupyter_server_config.py
#
# Works for jupyter_server 1 and 2 and for jupyter_kernel_gateway 3.

c = get_config()  # noqa: F821


# One execution is answered with several small messages. Without TCP_NODELAY each waits until the one before it is
# acknowledged: 44 ms in place of 6.
def without_delay(handler):
    open_socket = handler.open

    def open_without_delay(self, *args, **kwargs):
        self.set_nodelay(True)
        return open_socket(self, *args, **kwargs)

    handler.open = open_without_delay


try:
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler as Handler  # jupyter_server 2
except ImportError:
    from jupyter_server.services.kernels.handlers import ZMQChannelsHandler as Handler  # jupyter_server 1
without_delay(Handler)

# The limits throw output away, without a word about how much. vr bounds what it keeps, and stops code that floods.
for section in (c.ServerApp, c.ZMQChannelsWebsocketConnection):
    section.iopub_data_rate_limit = 0
    section.iopub_msg_rate_limit = 0

# Kernels that nobody is connected to were left behind by a gateway that was killed. vr stays connected to its own.
c.MappingKernelManager.cull_idle_timeout = 600
c.MappingKernelManager.cull_interval = 60
c.MappingKernelManager.cull_busy = True
c.MappingKernelManager.cull_connected = False
