# Read by cpack for each generator, before it packs.
if(CPACK_GENERATOR STREQUAL DEB)
  set(CPACK_COMPONENTS_ALL coffer)
  # /etc is outside of the prefix.
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr)
else()
  set(CPACK_COMPONENTS_ALL simulator)
  set(CPACK_PACKAGING_INSTALL_PREFIX "")
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY OFF)  # the component has its own
  set(CPACK_ARCHIVE_SIMULATOR_FILE_NAME coffer-simulator-${CPACK_PACKAGE_VERSION})
endif()
