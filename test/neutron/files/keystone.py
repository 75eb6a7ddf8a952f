"""Prepares Keystone's database and keys, or serves its API on the loopback interface.

    keystone.py prepare CONF      OS_BOOTSTRAP_PASSWORD is the password that user admin gets
    keystone.py serve CONF PORT
"""
import getpass
import grp
import os
import sys


def prepare(conf):
    from keystone.cmd import cli

    owner = ['--keystone-user', getpass.getuser(), '--keystone-group', grp.getgrgid(os.getgid()).gr_name]
    for command in (['db_sync'], ['fernet_setup'] + owner, ['credential_setup'] + owner, ['bootstrap']):
        # oslo.config parses one command line a process. A fork spares each the second of imports.
        pid = os.fork()
        if pid == 0:
            cli.main(['keystone-manage', '--config-file', conf] + command)
            os._exit(0)
        if os.waitpid(pid, 0)[1] != 0:
            sys.exit('keystone-manage %s failed' % command[0])


def serve(conf, port):
    os.environ['OS_KEYSTONE_CONFIG_FILES'] = conf
    sys.argv = ['keystone']  # it would read ours
    from keystone.server.wsgi import initialize_public_application
    import waitress

    # waitress keeps connections alive. uwsgi's HTTP socket closes them unannounced, which a client that
    # uses one again sees as a reset.
    waitress.serve(initialize_public_application(), listen='127.0.0.1:' + port, threads=4)


if __name__ == '__main__':
    {'prepare': prepare, 'serve': serve}[sys.argv[1]](*sys.argv[2:])
