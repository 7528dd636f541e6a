"""What both plugins need of Singer: settings read from text, files of the command line, error reports.

May import `listrak_api` and the SDK; neither of the plugins.
"""
