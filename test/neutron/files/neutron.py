"""Makes Neutron's database, or serves its API.

    neutron.py prepare CONF
    neutron.py serve CONF
"""
import configparser
import sys


def prepare(conf):
    """Makes the tables from the models: Neutron's migrations alter constraints, which SQLite cannot."""
    from neutron.db.migration.models import head
    import sqlalchemy

    settings = configparser.ConfigParser(interpolation=None, strict=False)
    settings.read(conf)
    engine = sqlalchemy.create_engine(settings['database']['connection'])
    with engine.connect() as connection:
        # Else a reader would make a writer wait.
        connection.execute(sqlalchemy.text('PRAGMA journal_mode=WAL'))
    head.get_metadata().create_all(engine)


def serve(conf):
    sys.argv = ['neutron-server', '--config-file', conf]
    from neutron.cmd.eventlet.server import main
    from neutron.db.migration.models import head
    from sqlalchemy import orm

    # Listing ports asks for what the L3 plugin's models add to a port. Without that plugin they are not there before
    # the first port is made, so that a server that finds ports in its database answers 500.
    head.get_metadata()
    orm.configure_mappers()
    main()


if __name__ == '__main__':
    {'prepare': prepare, 'serve': serve}[sys.argv[1]](*sys.argv[2:])
