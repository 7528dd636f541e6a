"""What both plugins share: settings from text, files of the command line, error messages, exit codes, logs.

May import `listrak_api` and the SDK; neither of the plugins.
"""
