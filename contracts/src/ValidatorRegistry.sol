// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IValidatorRegistry} from "./interfaces/IValidatorRegistry.sol";

/// Validators and their bonds in wei. Balance of this contract = sum of all bonds.
contract ValidatorRegistry is IValidatorRegistry {
    using SafeCast for uint256;

    uint256 public constant ENDPOINT_BYTES_MAX = 512;

    struct Entry {
        uint96 bondWei;
        uint96 lockedWei;
        uint64 registeredAt;
        bytes32 encryptionKey;
        string endpoint;
    }

    address private immutable deployer = msg.sender;
    /// @inheritdoc IValidatorRegistry
    address public channelRegistry;
    mapping(address account => Entry) private entries;
    address[] private accounts;

    modifier onlyChannelRegistry() {
        if (msg.sender != channelRegistry) revert NotChannelRegistry(msg.sender);
        _;
    }

    /// @inheritdoc IValidatorRegistry
    function setChannelRegistry(address registry) external {
        if (msg.sender != deployer) revert NotDeployer(msg.sender);
        if (channelRegistry != address(0)) revert ChannelRegistryAlreadySet(channelRegistry);
        channelRegistry = registry;
    }

    /// @inheritdoc IValidatorRegistry
    function register(bytes32 encryptionKey, string calldata endpoint) external payable {
        if (encryptionKey == 0) revert EncryptionKeyMissing();
        uint256 size = bytes(endpoint).length;
        if (size > ENDPOINT_BYTES_MAX) revert EndpointTooLong(size, ENDPOINT_BYTES_MAX);
        Entry storage entry = entries[msg.sender];
        if (entry.registeredAt == 0) {
            accounts.push(msg.sender);
            entry.registeredAt = uint64(block.timestamp);
        }
        entry.encryptionKey = encryptionKey;
        entry.endpoint = endpoint;
        emit ValidatorRegistered(msg.sender, encryptionKey, endpoint);
        if (msg.value > 0) add(entry);
    }

    /// @inheritdoc IValidatorRegistry
    function addBond() external payable {
        add(registered(msg.sender));
    }

    /// @inheritdoc IValidatorRegistry
    function withdrawBond(uint256 amount) external {
        Entry storage entry = registered(msg.sender);
        uint256 free = entry.bondWei - entry.lockedWei;
        if (amount > free) revert BondTooSmall(msg.sender, free, amount);
        entry.bondWei -= uint96(amount);
        emit BondWithdrawn(msg.sender, amount, entry.bondWei);
        send(msg.sender, amount);
    }

    /// @inheritdoc IValidatorRegistry
    function lockBond(address account, uint256 amount) external onlyChannelRegistry {
        Entry storage entry = registered(account);
        uint256 free = entry.bondWei - entry.lockedWei;
        if (amount > free) revert BondTooSmall(account, free, amount);
        entry.lockedWei += uint96(amount);
        emit BondLocked(account, amount);
    }

    /// @inheritdoc IValidatorRegistry
    function unlockBond(address account, uint256 amount) external onlyChannelRegistry {
        entries[account].lockedWei -= amount.toUint96();
        emit BondUnlocked(account, amount);
    }

    /// @inheritdoc IValidatorRegistry
    function slashBond(address account, uint256 amount) external onlyChannelRegistry {
        Entry storage entry = entries[account];
        entry.lockedWei -= amount.toUint96();
        entry.bondWei -= amount.toUint96();
        emit BondSlashed(account, amount);
        send(msg.sender, amount);
    }

    /// @inheritdoc IValidatorRegistry
    function validator(address account) external view returns (Validator memory) {
        Entry storage entry = entries[account];
        return
            Validator(
                entry.encryptionKey, entry.endpoint, entry.bondWei, entry.lockedWei, entry.registeredAt
            );
    }

    /// @inheritdoc IValidatorRegistry
    function validatorCount() external view returns (uint256) {
        return accounts.length;
    }

    /// @inheritdoc IValidatorRegistry
    function validatorAccounts(uint256 start, uint256 limit) external view returns (address[] memory page) {
        uint256 count = accounts.length;
        if (start >= count) return page;
        page = new address[](limit < count - start ? limit : count - start);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = accounts[start + i];
        }
    }

    function add(Entry storage entry) private {
        entry.bondWei += msg.value.toUint96();
        emit BondAdded(msg.sender, msg.value, entry.bondWei);
    }

    function registered(address account) private view returns (Entry storage entry) {
        entry = entries[account];
        if (entry.registeredAt == 0) revert ValidatorNotRegistered(account);
    }

    function send(address to, uint256 amount) private {
        (bool isSent,) = to.call{value: amount}("");
        if (!isSent) revert WeiTransferFailed(to, amount);
    }
}
